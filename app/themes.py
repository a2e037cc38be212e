"""Colours and type: one accent, system fonts, light and dark, and a palette that colour-blind people can read."""

from dataclasses import dataclass

__all__ = ["ACCENT", "CATEGORIES", "DARK", "LIGHT", "NEUTRAL", "Palette", "streamlit_options"]

ACCENT = "#1b7f79"
_ACCENT_DARK = "#4fb8b0"

NEUTRAL = "#9aa5aa"
"""What is no value of its own in a chart: the control, unscored, ties, lines of reference."""

CATEGORIES = ("#1b7f79", "#e3a72f", "#4668a5", "#c8553d", "#7d5a8c", "#7b8a3e", "#8c6d46", "#5f6b73")
"""Told apart under the common forms of colour blindness by hue and lightness."""

_SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


@dataclass(frozen=True, slots=True)
class Palette:
    background: str
    surface: str
    text: str
    muted: str
    line: str
    accent: str


LIGHT = Palette("#ffffff", "#f4f6f6", "#1d2b30", "#5d6c72", "#d5dcde", ACCENT)
DARK = Palette("#14191b", "#1d2427", "#e6ecee", "#9aa8ad", "#344046", _ACCENT_DARK)


def streamlit_options() -> dict[str, object]:
    """Theme options as `section.name`, for both modes."""
    shared: dict[str, object] = {
        "theme.font": _SANS,
        "theme.codeFont": _MONO,
        "theme.baseRadius": "6px",
        "theme.baseFontSize": 15,
        "theme.showWidgetBorder": True,
        "theme.chartCategoricalColors": list(CATEGORIES),
    }
    for mode, palette in (("light", LIGHT), ("dark", DARK)):
        shared |= {
            f"theme.{mode}.primaryColor": palette.accent,
            f"theme.{mode}.backgroundColor": palette.background,
            f"theme.{mode}.secondaryBackgroundColor": palette.surface,
            f"theme.{mode}.textColor": palette.text,
            f"theme.{mode}.borderColor": palette.line,
            f"theme.{mode}.linkColor": palette.accent,
        }
    return shared
