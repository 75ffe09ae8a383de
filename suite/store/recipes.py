"""recipes/*.yaml -> a training, read as strictly as a matrix."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from suite.model.cell import GLOBAL_BATCH_SIZES, Cell, KernelName, Mode, Precision
from suite.model.errors import InputError
from suite.model.reading import Reading, applicable_reading
from suite.model.recipe import PREPARATION, Recipe
from suite.model.reference import AccuracyRow
from suite.model.systems import SYSTEMS, system_by_key
from suite.model.text import shown
from suite.model.training import Training
from suite.model.training_record import ChosenTraining, Override
from suite.store.located_yaml import LocatedYaml, read_yaml
from suite.store.nearest import nearest
from suite.store.recipe_model import RecipeModel, SettingsModel
from suite.store.references import published_accuracy
from suite.store.settings import read_setting
from suite.store.text import reachable
from suite.store.yaml_model import fitted

# In a checkout a link to its folder, and when installed a copy.
RECIPE_DIRECTORY = (Path(__file__).parents[1] / "data" / "recipes").resolve()
SETTINGS = tuple(SettingsModel.model_fields)

_EXAMPLE = "recipes/dgx1_90epochs.yaml"
_RECIPE = tuple(Recipe.__dataclass_fields__)
_READING = tuple(Reading.__dataclass_fields__)
_MOST_IMAGES = GLOBAL_BATCH_SIZES.highest
_CELL = ("batch_size", "gpus", "image_size", "data", "xla", "xla_mode", "layout", "kernel")
# What the published programs leave to their user, and what decides how fast images are read; of
# two trainings that differ in these alone, neither is the more accurate by design.
_NEUTRAL = {"data", "xla", "xla_mode", "layout", "decode_threads", "open_files", "seed"}


def recipe_names() -> list[str]:
    """The names of the suite's own recipes."""
    return sorted(path.stem for path in RECIPE_DIRECTORY.glob("*.yaml"))


def recipe_path(given: Path) -> Path:
    """The file of a recipe given by its path, or by the name of one of the suite's own.

    Raises:
        InputError: a name that no recipe has.
    """
    # A folder of records may well have the name of a recipe.
    if given.suffix or len(given.parts) > 1 or reachable(given.is_file):
        return given
    names = recipe_names()
    if given.name not in names:
        hint = nearest(given.name, names)
        raise InputError(f"{given}: no such recipe and no such file; {hint}")
    return RECIPE_DIRECTORY / f"{given.name}.yaml"


def read_recipe(
    path: Path, precision: str | None = None, settings: Sequence[str] = ()
) -> ChosenTraining:
    """The training that a recipe file describes, in one of its precisions (None: its first).

    `settings` are `NAME=VALUE`, each in place of what the file says; those that say the same are no
    overrides.

    Raises:
        InputError: anything wrong with the file, as `path:line: place: problem; remedy`, or with
            the precision or a setting.
    """
    source = read_yaml(path, "recipe", _EXAMPLE)
    model = fitted(RecipeModel, source)
    if model.system is not None and system_by_key(model.system) is None:
        hint = nearest(model.system, [system.key for system in SYSTEMS])
        raise source.error(("system",), f"unknown system {model.system!r}; {hint}")
    chosen = _precision(source, model, precision)
    declared = {**_given(model), **_given(model.precisions[chosen])}
    given = dict(read_setting(text, SettingsModel) for text in settings)
    overrides = _overrides(declared, given)
    settled = SettingsModel.model_validate({**declared, **given})
    _check(source, settled, chosen, given)
    cell = Cell(
        mode=Mode.TRAINING, precision=chosen, **{name: getattr(settled, name) for name in _CELL}
    )
    return ChosenTraining(
        training=Training(
            name=shown(path.stem),
            purpose=model.purpose,
            cell=cell,
            epochs=settled.epochs or 0,
            recipe=Recipe(**{name: getattr(settled, name) for name in _RECIPE}),
            reading=_reading(source, settled, cell, given),
            seed=settled.seed,
            published_top1=_published_top1(model.system, settled, cell, overrides),
        ),
        system=model.system,
        overrides=overrides,
    )


def _precision(source: LocatedYaml, model: RecipeModel, wanted: str | None) -> Precision:
    known = [precision.value for precision in model.precisions]
    if wanted is None:
        return Precision(known[0])
    if wanted not in known:
        raise InputError(
            f"--precision {wanted}: {source.path} has no such precision; {nearest(wanted, known)}"
        )
    return Precision(wanted)


def _given(model: SettingsModel) -> dict[str, object]:
    """The settings that a part of the file gives, null where it says so."""
    return {name: getattr(model, name) for name in SETTINGS if name in model.model_fields_set}


def _overrides(declared: Mapping[str, object], given: Mapping[str, object]) -> tuple[Override, ...]:
    usual = SettingsModel()
    before = {name: declared.get(name, getattr(usual, name)) for name in given}
    return tuple(
        Override(name=name, declared=_text(before[name]), given=_text(value))
        for name, value in given.items()
        if value != before[name]
    )


def _text(value: object) -> str:
    """A value as a recipe has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    return str(getattr(value, "value", value))


def _check(
    source: LocatedYaml, settled: SettingsModel, precision: Precision, given: Mapping[str, object]
) -> None:
    """Refuse what no training can be: without epochs or a batch, or of a scale without AMP."""
    for name in ("epochs", "batch_size"):
        if getattr(settled, name) is None:
            raise source.error((), f"says no {name}; add it")
    if "static_loss_scale" in given and precision is not Precision.AMP:
        raise InputError(f"--set static_loss_scale: is for amp, not for {precision.value}")
    if settled.kernel is not KernelName.SIMULATED and settled.data.value.startswith("synthetic"):
        problem = f"{settled.data.value} images teach a network nothing; use tfrecord or dali"
        if "data" in given:
            raise InputError(f"--set data: {problem}")
        raise source.error(("data",), problem)
    images = (settled.batch_size or 0) * settled.gpus
    if images > _MOST_IMAGES:
        raise source.error((), f"gives batches of {images} images; lower batch_size or gpus")


def _reading(
    source: LocatedYaml, settled: SettingsModel, cell: Cell, given: Mapping[str, object]
) -> Reading:
    reading = Reading(**{name: getattr(settled, name) for name in _READING})
    applied = applicable_reading(reading, cell)
    for name in reading.given:
        if name not in applied.given and name in given:
            raise InputError(f"--set {name}: changes nothing of {cell.data.value}; leave it out")
        if name not in applied.given:
            raise source.error((name,), f"changes nothing of {cell.data.value}; remove it")
    return reading


def _published_top1(
    system: str | None, settled: SettingsModel, cell: Cell, overrides: Sequence[Override]
) -> float | None:
    """The share published for these epochs and conditions; None where settings are overridden."""
    epochs = settled.epochs
    if system is None or cell.kernel is KernelName.SIMULATED:
        return None
    if any(override.name not in _NEUTRAL for override in overrides):
        return None
    # Whatever system a file names, a recipe that prepares images otherwise is not its.
    if any(getattr(settled, name) != getattr(Recipe(), name) for name in PREPARATION):
        return None

    def is_same(row: AccuracyRow) -> bool:
        return (row.system, row.epochs, row.precision) == (system, epochs, cell.precision) and (
            row.gpus,
            row.batch_size,
        ) == (cell.gpus, cell.batch_size)

    found = (row.top1_percent for row in published_accuracy() if is_same(row))
    return next((round(percent / 100, 6) for percent in found), None)
