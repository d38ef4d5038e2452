"""Sellers and their buyers' demand from CSV files whose headers name the columns."""

from firstmover.errors import InputError
from firstmover.interop.cells import read_sheet


def read_sellers(text: str) -> int | dict[str, list[str | float]]:
    """A number of sellers, or the columns seller, cost and maybe quality and weight of a file.

    Raises:
        InputError: see `cells.read_sheet`; or a column is unknown, or holds something other than numbers.
    """
    if text.strip().isdecimal():
        return int(text)
    return _columns(text, ("seller", "cost", "quality", "weight"), names=("seller",), needed=("seller", "cost"))


def read_demand(name: str) -> dict[str, str | float | list[float | None]]:
    """The numbers outside and mu of a file with these two columns and one row, or the columns of a table of shares.

    In columns of prices and shares an empty cell is None: the seller is not shown.

    Raises:
        InputError: see `read_sellers`; or there are several rows.
    """
    sheet = read_sheet(name)
    titles = [" ".join(cell.split()) for cell in sheet.rows[0].cells]
    if not any(title.startswith(("price ", "share ")) for title in titles):
        columns = _columns(name, ("outside", "mu"), names=(), needed=("outside", "mu"))
        if any(len(column) != 1 for column in columns.values()):
            raise InputError(f"{name} must have one row of numbers below its header.")
        return {key: column[0] for key, column in columns.items()}
    if len(set(titles)) < len(titles):
        raise InputError(f"the header of {name} names a column twice: {', '.join(titles)}.")
    return {
        title: [
            None if title != "surplus" and not row.cells[k].strip() else float(sheet.number(row, k, title))
            for row in sheet.rows[1:]
        ]
        for k, title in enumerate(titles)
    }


def _columns(
    name: str, known: tuple[str, ...], names: tuple[str, ...], needed: tuple[str, ...]
) -> dict[str, list[str | float]]:
    sheet = read_sheet(name)
    header, *rows = sheet.rows
    titles = [cell.strip().lower() for cell in header.cells]
    if not set(needed) <= set(titles) <= set(known) or len(set(titles)) < len(titles):
        raise InputError(f"the header of {name} must be {','.join(known)}; got {','.join(header.cells)}.")
    if not rows:
        raise sheet.error("has a header only; a row per possible cost, or of numbers, is needed.")
    return {
        title: [row.cells[k] if title in names else float(sheet.number(row, k, title)) for row in rows]
        for k, title in enumerate(titles)
    }
