"""What the demo is made of: the terms, subjects, hours and names of a small college."""

from typing import NamedTuple


class Semester(NamedTuple):
    """A term. `levels` are those that each student takes: of the favorite subject, of the second,
    and so on; 0 is none."""

    code: str
    title: str
    enroll_on: str
    start_on: str
    drop_on: str
    end_on: str
    levels: tuple[int, ...]


SEMESTERS = (
    Semester(
        "2025-FALL",
        "Fall 2025",
        "2025-08-18",
        "2025-09-01",
        "2025-09-12",
        "2025-12-19",
        (1, 1, 1, 1),
    ),
    Semester(
        "2026-SPRING",
        "Spring 2026",
        "2026-01-12",
        "2026-01-26",
        "2026-02-06",
        "2026-05-15",
        (2, 2, 0, 0, 1, 1),
    ),
    Semester(
        "2026-FALL",
        "Fall 2026",
        "2026-08-17",
        "2026-08-31",
        "2026-09-11",
        "2026-12-18",
        (3, 0, 2, 2, 0, 0, 1, 1, 1),
    ),
)


class Subject(NamedTuple):
    """The titles are those of the levels 1, 2 and 3: each level requires the one before."""

    building: str
    credits: float
    titles: tuple[str, str, str]


SUBJECTS = {
    "ART": Subject("Kahlo Studios", 3, ("Drawing", "Sculpture", "Art of the Twentieth Century")),
    "BIO": Subject("Darwin Hall", 4, ("Biology", "Genetics", "Ecology")),
    "CHM": Subject("Curie Hall", 4, ("Chemistry", "Organic Chemistry", "Biochemistry")),
    "CS": Subject("Hopper Hall", 4, ("Programming", "Data Structures", "Databases")),
    "ECO": Subject("Market House", 3, ("Economics", "Game Theory", "Econometrics")),
    "ENG": Subject("Woolf House", 3, ("Literature", "The Novel", "Creative Writing")),
    "HIS": Subject("Old Library", 3, ("History", "The Ancient World", "Modern Africa")),
    "MAT": Subject("Noether Hall", 4, ("Calculus", "Linear Algebra", "Number Theory")),
    "MUS": Subject("Clara Schumann Hall", 1.5, ("Music", "Harmony", "Conducting")),
    "PHI": Subject("Old Library", 3, ("Philosophy", "Logic", "Ethics")),
    "PHY": Subject("Curie Hall", 4, ("Physics", "Thermodynamics", "Quantum Mechanics")),
    "PSY": Subject("Market House", 3, ("Psychology", "Perception", "Social Psychology")),
}

# The weekdays (1 is Monday), and from when to when. No two of them meet.
HOURS = (
    ((1, 3, 5), "08:30", "09:20"),
    ((1, 3, 5), "09:30", "10:20"),
    ((1, 3, 5), "10:30", "11:20"),
    ((1, 3, 5), "11:30", "12:20"),
    ((1, 3), "13:30", "14:45"),
    ((1, 3), "15:00", "16:15"),
    ((1, 3), "16:30", "17:45"),
    ((2, 4), "08:30", "09:45"),
    ((2, 4), "10:00", "11:15"),
    ((2, 4), "11:30", "12:45"),
    ((2, 4), "13:30", "14:45"),
    ((2, 4), "15:00", "16:15"),
)

HOLD_REASONS = ("library fees", "tuition is due", "no transcript", "no proof of vaccination")

# Given names, family names, and how many of a hundred students have such a name. A person with one
# name has no given name.
NAMES = (
    (
        "Ada Alan Amina Ana Andrés Astrid Ben Bilal Carmen Chiara Daniel Dina Elif Emil Emma Eva "
        "Femi Fatima Finn Grace Hana Hassan Hugo Ida Igor Ines Isaac Jamal Jana João Jonas Kofi "
        "Laila Lars Lea Leo Lin Lucía Luka Mae Maja Marek Maria Mateo Mei Mira Nadia Nils Noah "
        "Nora Olga Omar Oscar Paula Priya Rafael Ravi Rosa Sami Sara Sofia Tariq Tomás Uma Vera "
        "Viktor Wei Yara Yuki Zoë Zuri",
        "Abara Adeyemi Ahmed Almeida Andersen Bakker Banerjee Becker Bianchi Brown Castillo Chen "
        "Cohen Costa Dahl Das Diallo Dubois Eriksen Evans Farouk Fernández Fischer Fontaine García "
        "Gupta Haddad Hansen Hoffmann Horvat Hughes Ito Ivanova Jansen Johnson Kaya Khan Kim "
        "Kowalski Kumar Larsen Lee Lindqvist Lopez Lovelace Maier Martin Mensah Meyer Mori Müller "
        "Nakamura Ndiaye Nguyen Nielsen Novak Núñez O'Brien Okafor Okonkwo Olsen Özil Park Patel "
        "Pereira Petrov Popescu Quispe Rahman Reyes Rossi Sato Schmidt Silva Singh Smith Sørensen "
        "Suzuki Takahashi Tan Torres Turing Usman Vargas Weber Williams Wilson Wong Yılmaz Zhou",
        72,
    ),
    ("Анна Борис Ольга Сергей Юлия", "Иваненко Ковальчук Соколов Шевченко", 5),
    ("Ελένη Γιώργος Μαρία Νίκος", "Δημητρίου Νικολάου Παππάς", 4),
    ("أمينة خالد ليلى يوسف", "الخطيب حداد منصور", 4),
    ("דוד יעל נועה", "כהן לוי מזרחי", 3),
    ("अनिता राहुल सीता", "वर्मा शर्मा सिंह", 3),
    ("伟 娜 静 明", "李 王 张 陈", 3),
    ("さくら 健太 美咲", "佐藤 鈴木 田中", 2),
    ("민준 서연 지우", "김 박 이", 2),
    ("", "Suharto Sukarno Thiri Wayan", 2),
)
