"""What a trained network says of images, for the terminal."""

from collections.abc import Sequence

from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.prediction import Prediction

_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th")
_LABELS = (
    "Each is a label and its probability. Labels are those of the records that the network was"
    " trained on, from 1; of handwritten digits (data make --digits), the digit d has the label"
    " d + 1."
)


def predictions_text(predictions: Sequence[Prediction], width: int = TEXT_WIDTH) -> str:
    """A row for each image that could be read; none where no image could."""
    rows = [_row(each) for each in predictions if not each.problem]
    if not rows:
        return ""
    table = Table("", ("image", *_ORDINALS), rows)
    return f"{write_table(table, Dialect.TERMINAL, width)}\n{paragraph(_LABELS, width)}"


def _row(prediction: Prediction) -> tuple[str, ...]:
    classes = (f"{each.label} {each.probability:.1%}" for each in prediction.classes)
    return (prediction.image, *classes)
