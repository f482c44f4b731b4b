"""Who belongs to the demonstration's societies, and what they call things: in French, as there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Society:
    """A society. officers: its president and its treasurer; known: members with names of their own.

    monthly: what each member owes a month, in XOF. dialling: how its phone numbers begin.
    """

    id: str
    name: str
    city: str
    dialling: str
    monthly: int
    size: int
    president: str
    treasurer: str
    known: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SOCIETIES: Final = (
    Society(
        id="mutuelle-dakar",
        name="Mutuelle de Solidarité de Dakar",
        city="Dakar",
        dialling="+221 77",
        monthly=5_000,
        size=36,
        president="Mamadou Diouf",
        treasurer="Awa Ndiaye",
        known=("Aminata Diop", "Moussa Fall", "Fatou Sarr", "Ibrahima Ba"),
        first_names=_words("Khady Ousmane Coumba Cheikh Ndeye Abdou Rokhaya Samba Mame Modou"),
        last_names=_words("Gueye Sow Faye Cissé Mbaye Thiam Sy Niang Diallo Seck"),
    ),
    Society(
        id="mutuelle-abidjan",
        name="Mutuelle des Commerçants d'Abidjan",
        city="Abidjan",
        dialling="+225 07",
        monthly=10_000,
        size=28,
        president="Affoué N'Guessan",
        treasurer="Yao Kouassi",
        known=("Adjoua Koffi", "Serge Bamba", "Mariam Traoré"),
        first_names=_words("Akissi Kouamé Aya Koné Amani Fanta Issouf Ahou Brou Salimata"),
        last_names=_words("Konan Ouattara Kouadio Yapi Coulibaly Kra Touré Assi Diabaté Gnahoré"),
    ),
    Society(
        id="mutuelle-cotonou",
        name="Mutuelle de Santé de Cotonou",
        city="Cotonou",
        dialling="+229 97",
        monthly=3_000,
        size=22,
        president="Théodore Ahouansou",
        treasurer="Sena Hounsou",
        known=("Rachelle Dossou", "Koffi Adjovi", "Nadège Agbo"),
        first_names=_words(
            "Judith Codjo Afiavi Romuald Sessi Bienvenu Houefa Gildas Ablawa Fidèle"
        ),
        last_names=_words(
            "Zinsou Houngbédji Kpossou Gbaguidi Sossa Akplogan Dansou Tossou Bio Azon"
        ),
    ),
)
REQUESTS: Final = (
    ("LOAN", "Semences pour la saison sèche"),
    ("LOAN", "Une nouvelle machine à coudre"),
    ("WITHDRAWAL", "Frais de scolarité"),
    ("WITHDRAWAL", "Frais d'hospitalisation"),
    ("TRANSFER", "Part de la fédération"),
    ("PAYMENT", "Loyer du bureau"),
    ("REFUND", "Cotisation payée deux fois"),
)
REFUSALS: Final = ("Au-dessus du plafond", "Il manque un reçu", "Déjà demandé")
MONTHS: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
