"""Calendar: public holidays, by the country that a time zone lies in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import holidays


@dataclass(frozen=True)
class PublicHolidays:
    """Holidays of whole countries, as the `holidays` package knows them.

    Attributes:
        default: Country (ISO 3166) of zones that lie in none, such as UTC; None for no holidays there.
    """

    default: str | None = None
    _known: dict[str, holidays.HolidayBase] = field(default_factory=dict)

    def is_free(self, day: date, zone: str) -> bool:
        """Tell whether *day* is a public holiday where clocks follow *zone*."""
        import holidays  # noqa: PLC0415 - questions must not wait for the holidays of the world

        country = self._country(zone)
        if country is None:
            return False
        if country not in self._known:
            self._known[country] = holidays.country_holidays(country)
        return day in self._known[country]

    def _country(self, zone: str) -> str | None:
        import holidays  # noqa: PLC0415
        from babel.core import get_global  # noqa: PLC0415

        aliases, territories = get_global("zone_aliases"), get_global("zone_territories")
        found = territories.get(aliases.get(zone, zone), territories.get(zone))
        country = found if found not in {None, "001", "ZZ"} else self.default
        return country if country in holidays.list_supported_countries() else None
