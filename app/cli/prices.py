"""prices: what models cost, with the day from which."""

from typing import Annotated

import typer

from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.cli.subsets import day
from app.clock import utc_now
from app.services import endpoints

__all__ = ["app"]

app = typer.Typer(help="Prices of models, with the day from which.", no_args_is_help=True)


@app.command()
def add(
    model: str,
    input_: Annotated[float, typer.Option("--input", help="USD a million prompt tokens.")],
    output: Annotated[float, typer.Option("--output", help="USD a million tokens of the reply.")],
    since: Annotated[
        str | None, typer.Option("--from", help="Day, as 2026-12-31; today when left out.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Note a price. Calls made before keep what they cost."""
    start = day(since) if since else utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    with opened(data_dir) as ctx:
        endpoints.add_price(
            ctx,
            OPERATOR,
            model=model,
            valid_from=start,
            input_usd_per_million=input_,
            output_usd_per_million=output,
        )
    print(f"{model} costs {input_:g} and {output:g} USD a million tokens from {start:%Y-%m-%d}")


@app.command("list")
def list_(data_dir: DataDir = None, json: Json = False) -> None:
    """List the prices, the newest of each model first."""
    with opened(data_dir) as ctx:
        rows = endpoints.list_prices(ctx)
    if json:
        print_json(
            [
                {
                    "model": row.model,
                    "from": row.valid_from,
                    "input_usd_per_million": row.input_usd_per_million,
                    "output_usd_per_million": row.output_usd_per_million,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        print(
            f"{row.model:<32} from {row.valid_from:%Y-%m-%d}  {row.input_usd_per_million:g} in, {row.output_usd_per_million:g} out"
        )
