"""Recipes: those that ship are the published ones, and a slip in one is a line that names it."""

from pathlib import Path

import pytest

from suite.model.errors import InputError
from suite.model.training_record import Override
from suite.store.recipes import read_recipe, recipe_names, recipe_path

ROOT = Path(__file__).parents[2]
# The published scripts: system, epochs, precision -> ranks, images of each, mixup, highest rate and
# published top-1. Those of the DGX-2 with 250 epochs start 8 ranks; its recipe takes all 16 GPUs.
# There is none of the DGX A100 with 250 epochs.
PUBLISHED = {
    ("dgx1", 90, "fp32"): (8, 128, 0.0, 1.024, 0.7701),
    ("dgx1", 90, "amp"): (8, 256, 0.0, 2.048, 0.7699),
    ("dgx1", 250, "fp32"): (8, 128, 0.2, 1.024, 0.7834),
    ("dgx1", 250, "amp"): (8, 256, 0.2, 2.048, 0.7835),
    ("dgx2", 90, "fp32"): (16, 128, 0.0, 2.048, None),
    ("dgx2", 90, "amp"): (16, 256, 0.0, 4.096, None),
    ("dgx2", 250, "fp32"): (16, 128, 0.2, 2.048, None),
    ("dgx2", 250, "amp"): (16, 256, 0.2, 4.096, None),
    ("dgxa100", 90, "tf32"): (8, 256, 0.0, 2.048, 0.7701),
    ("dgxa100", 90, "amp"): (8, 256, 0.0, 2.048, 0.7693),
    ("dgxa100", 250, "tf32"): (8, 256, 0.2, 2.048, None),
    ("dgxa100", 250, "amp"): (8, 256, 0.2, 2.048, None),
}


@pytest.mark.parametrize(("system", "epochs", "precision"), PUBLISHED)
def test_a_published_recipe_is_its_script(system: str, epochs: int, precision: str) -> None:
    """Every setting is the published one, and so is the accuracy beside it."""
    path = ROOT / "recipes" / f"{system}_{epochs}epochs.yaml"
    gpus, batch_size, mixup, highest_rate, top1 = PUBLISHED[system, epochs, precision]
    chosen = read_recipe(path, precision)
    training = chosen.training
    cell, recipe = training.cell, training.recipe

    assert (chosen.system, training.epochs, chosen.overrides) == (system, epochs, ())
    assert (cell.precision.value, cell.gpus, cell.batch_size) == (precision, gpus, batch_size)
    assert (cell.data.value, cell.image_size, cell.xla) == ("tfrecord", 224, False)
    assert recipe.lr_init * cell.global_batch_size / 256 == pytest.approx(highest_rate)
    assert (recipe.lr_init, recipe.lr_warmup_epochs, recipe.cosine_lr) == (0.256, 8, True)
    assert (recipe.momentum, recipe.weight_decay) == (0.875, 1 / 32768)
    assert (recipe.label_smoothing, recipe.mixup) == (0.1, mixup)
    assert (recipe.weight_init, recipe.static_loss_scale) == ("fan_in", 128)
    assert (recipe.crop_min_area, recipe.mirror) == (0.05, True)
    assert training.published_top1 == top1


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_that_ships_names_its_command(name: str) -> None:
    """Each says what it is for, how it is started, on what, and how long that takes."""
    text = (ROOT / "recipes" / f"{name}.yaml").read_text()

    assert f"python bench.py train recipes/{name}.yaml" in text
    assert all(f"# {word}" in text for word in ("Purpose:", "Command:", "Hardware:", "Duration:"))
    assert read_recipe(recipe_path(Path(name))) == read_recipe(ROOT / "recipes" / f"{name}.yaml")


RECIPE = """\
purpose: a test
system: dgx1
epochs: 90
gpus: 8
mixup: 0.2
precisions:
  fp32: {batch_size: 128, mixup: 0}
  amp: {batch_size: 256, static_loss_scale: null}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_a_precision_has_settings_of_its_own(tmp_path: Path) -> None:
    """They stand before those of the whole recipe; the first precision is the usual one."""
    path = written(tmp_path, RECIPE)

    assert read_recipe(path).training.cell.precision.value == "fp32"
    assert read_recipe(path).training.recipe.mixup == 0
    assert read_recipe(path, "amp").training.recipe.mixup == 0.2
    assert read_recipe(path, "amp").training.recipe.static_loss_scale is None


@pytest.mark.parametrize(
    ("setting", "override"),
    [
        ("lr_init=0.3", Override(name="lr_init", declared="0.1", given="0.3")),
        ("cosine_lr=true", Override(name="cosine_lr", declared="false", given="true")),
        ("gpus=2", Override(name="gpus", declared="8", given="2")),
        ("batch_size=64", Override(name="batch_size", declared="128", given="64")),
        ("epochs=3", Override(name="epochs", declared="90", given="3")),
        ("image_size=64", Override(name="image_size", declared="224", given="64")),
        ("mixup=0.5", Override(name="mixup", declared="0.0", given="0.5")),
        ("crop_min_area=0.5", Override(name="crop_min_area", declared="0.05", given="0.5")),
        ("mirror=false", Override(name="mirror", declared="true", given="false")),
    ],
)
def test_an_override_is_recorded_and_has_no_published_accuracy(
    tmp_path: Path, setting: str, override: Override
) -> None:
    """What nobody published has no published number beside it."""
    path = written(tmp_path, RECIPE)
    chosen = read_recipe(path, settings=[setting])

    assert read_recipe(path).training.published_top1 == 0.7701
    assert chosen.overrides == (override,)
    assert chosen.training.published_top1 is None


@pytest.mark.parametrize("setting", ["crop_min_area: 0.08", "mirror: false"])
def test_a_recipe_that_crops_otherwise_has_no_published_accuracy(
    tmp_path: Path, setting: str
) -> None:
    """Every published training took the same crops, so the name of a system does not make it one.

    `--set` of the published value is an override, and of the recipe's own it is none.
    """
    path = written(tmp_path, RECIPE.replace("mixup: 0.2", f"mixup: 0.2\n{setting}"))
    published = {"crop_min_area: 0.08": "crop_min_area=0.05", "mirror: false": "mirror=true"}

    assert read_recipe(path).training.published_top1 is None
    assert len(read_recipe(path, settings=[published[setting]]).overrides) == 1
    assert read_recipe(path, settings=[setting.replace(": ", "=")]).overrides == ()


@pytest.mark.parametrize("setting", ["data=dali", "xla=on", "seed=3", "layout=nchw"])
def test_what_the_published_programs_leave_open_keeps_the_accuracy(
    tmp_path: Path, setting: str
) -> None:
    """It is recorded as an override all the same."""
    chosen = read_recipe(written(tmp_path, RECIPE), settings=[setting])

    assert len(chosen.overrides) == 1
    assert chosen.training.published_top1 == 0.7701


def test_a_setting_that_says_the_same_is_no_override(tmp_path: Path) -> None:
    """`--set gpus=8` of a recipe of 8 GPUs changes nothing."""
    chosen = read_recipe(written(tmp_path, RECIPE), settings=["gpus=8", "mixup=0"])

    assert chosen.overrides == ()
    assert chosen.training.published_top1 == 0.7701


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("mixup: 0.2", "mixip: 0.2", ":5: mixip: unknown key; did you mean 'mixup'?"),
        ("batch_size: 128", "batch_sise: 128", ":7: precisions.fp32.batch_sise: unknown key; did"),
        ("  fp32", "  fp16", ":7: precisions.fp16"),
        ("dgx1", "dgx3", ":2: system: unknown system 'dgx3'; did you mean 'dgx"),
        ("epochs: 90\n", "", "says no epochs; add it"),
        ("{batch_size: 128, mixup: 0}", "{mixup: 0}", "says no batch_size; add it"),
        ("epochs: 90", "epochs: 090", ":3: epochs: '090' is ambiguous"),
        ("mixup: 0.2", "crop_min_area: 0", ":5: crop_min_area: input should be greater than or"),
        ("mixup: 0.2", "crop_min_area: 8", ":5: crop_min_area: input should be less than or"),
        ("mixup: 0.2", "mirror: 1", ":5: mirror: input should be a valid boolean"),
        ("mixup: 0.2", "mixup: -1", ":5: mixup: input should be greater than or equal to 0"),
        ("mixup: 0.2", "data: synthetic", ":5: data: synthetic images teach a network nothing"),
        ("gpus: 8", "gpus: 9000", "gives batches of 1152000 images"),
        ("mixup: 0.2", "data: dali\nopen_files: 4", ":6: open_files: changes nothing of dali"),
        (RECIPE, "[]", "is not a mapping; see recipes/dgx1_90epochs.yaml"),
        (RECIPE, "", "is empty; see recipes/dgx1_90epochs.yaml"),
    ],
)
def test_a_slip_is_one_line_with_its_place(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    """File, line, place and what to do, as for a matrix."""
    path = written(tmp_path, RECIPE.replace(old, new))
    with pytest.raises(InputError) as raised:
        read_recipe(path)

    assert str(raised.value).startswith(f"{path}")
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("lr_init", "is not NAME=VALUE"),
        ("lr_inti=1", "unknown setting 'lr_inti'; did you mean 'lr_init'?"),
        ("lr_init=fast", "input should be a valid number"),
        ("mirror=off", "input should be a valid boolean"),
        ("lr_init=[1]", "is not a single value"),
        ("lr_init=", "is not a single value"),
        ("epochs=1_0", "is ambiguous"),
        ("lr_init=!!python/name:os.getcwd x", "tags are not read"),
        ("lr_init={", "is not a single value"),
        ("static_loss_scale=64", "is for amp, not for fp32"),
        ("precision=amp", "unknown setting 'precision'"),
    ],
)
def test_a_bad_setting_is_one_line(tmp_path: Path, setting: str, problem: str) -> None:
    """The setting is quoted with what is wrong with it."""
    with pytest.raises(InputError) as raised:
        read_recipe(written(tmp_path, RECIPE), settings=[setting])

    assert str(raised.value).startswith("--set ")
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_with_the_name_of_a_recipe_is_not_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records of digits commonly lie in `digits`; a file of that name is meant."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    (tmp_path / "demo").write_text(RECIPE)

    assert recipe_path(Path("digits")).name == "digits.yaml"
    assert recipe_path(Path("demo")) == Path("demo")


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """A recipe of the suite may be given by its name alone."""
    with pytest.raises(InputError, match="did you mean 'dgx1_90epochs'"):
        recipe_path(Path("dgx1_90epoch"))
