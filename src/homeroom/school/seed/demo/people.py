"""Who is in the demo school: the same people in every one."""

from __future__ import annotations

from typing import NamedTuple

from homeroom.school.states import CourseState

# (name, sub-account). Names from several scripts and shapes: what a real school's lists must cope with.


class Pupil(NamedTuple):
    name: str
    login: str
    pronouns: str | None = None
    time_zone: str | None = None
    locale: str | None = None


ADMINS = (
    Pupil("Rosalind Okonkwo", "rosalind"),  # of the whole school
    Pupil("Henrik Sørensen", "henrik"),  # of the Lower School
)
TEACHERS = (
    Pupil("Amara Nwosu", "amara", "She/Her"),
    Pupil("Daniel O'Brien", "daniel"),
    Pupil("山田 太郎", "taro", time_zone="Asia/Tokyo", locale="ja"),
    Pupil("Zoë van der Berg", "zoe", "They/Them", "Europe/Amsterdam", "nl"),
)
ASSISTANTS = (
    Pupil("Mateo García López", "mateo", "He/Him", locale="es"),
    Pupil("Linh Nguyễn", "linh", time_zone="Asia/Bangkok"),
)
STUDENTS = (
    Pupil("Stella Marchetti", "stella", "She/Her"),
    Pupil("Noah Williams Jr.", "noah"),
    Pupil("Aïcha Benali", "aicha", locale="fr"),
    Pupil("Ольга Петрова", "olga"),
    Pupil("محمد الحسن", "mohammed", locale="ar"),
    Pupil("李小龙", "xiaolong", locale="zh-Hans"),
    Pupil("김민준", "minjun", locale="ko"),
    Pupil("Θεόδωρος Παπαδόπουλος", "theodoros"),
    Pupil("अनन्या शर्मा", "ananya"),
    Pupil("Siobhán Ní Dhomhnaill", "siobhan"),
    Pupil("Łukasz Żółkiewski", "lukasz"),
    Pupil("Björk Guðmundsdóttir", "bjork", locale="is"),
    Pupil("יעל כהן", "yael", locale="he"),
    Pupil("Chinonso Eze", "chinonso"),
    Pupil("Maria da Silva", "maria", locale="pt-BR"),
    Pupil("Jean-Luc d'Arcy", "jeanluc"),
    Pupil("Ayşe Yılmaz", "ayse"),
    Pupil("Kwame Mensah", "kwame", "He/Him"),
    Pupil("Sofia Rossi", "sofia", locale="it"),
    Pupil("Liam Murphy III", "liam"),
    Pupil("Fatima Zahra", "fatima"),
    Pupil("Tāne Parata", "tane", locale="mi"),
    Pupil("Emil Åkesson", "emil", locale="sv"),
    Pupil("Priya Raghunathan", "priya"),
    Pupil("Cher", "cher", "She/Her"),
    Pupil("Iván Ordóñez", "ivan"),
)
OBSERVERS = (
    Pupil("Claudia Marchetti", "claudia"),  # Stella's mother
    Pupil("Robert Williams Sr.", "robert"),  # Noah's father
    Pupil("Elena Petrova", "elena"),  # Olga's mother
)
# Observer's login -> student's.
OBSERVES = {"claudia": "stella", "robert": "noah", "elena": "olga"}

SUB_ACCOUNTS = ("Lower School", "Upper School")


class Course(NamedTuple):
    name: str
    code: str
    account: str
    teacher: str
    sections: tuple[str, ...]
    state: str = CourseState.AVAILABLE
    assistant: str | None = None
    # Every how many-th student is in it, counted from this one.
    every: int = 2
    start: int = 0


COURSES = (
    Course(
        "Biology: The Living World", "BIO 101", "Upper School", "amara", ("Morning", "Afternoon"), assistant="mateo"
    ),
    Course("World History", "HIS 110", "Upper School", "daniel", ("World History",), every=3),
    Course("日本語入門", "JPN 100", "Upper School", "taro", ("日本語入門",), every=5, start=1),
    Course("Mathematics 6", "MATH 6", "Lower School", "zoe", ("6a", "6b"), assistant="linh", start=1),
    Course("Reading and Writing", "ENG 6", "Lower School", "daniel", ("Reading and Writing",), every=4),
    Course(
        "Chemistry (in preparation)",
        "CHEM 201",
        "Upper School",
        "amara",
        ("Chemistry",),
        state=CourseState.CLAIMED,
        every=6,
    ),
)

# login -> course code -> what that person calls the course
NICKNAMES = {"stella": {"BIO 101": "Bio with Ms Nwosu", "HIS 110": "History"}, "amara": {"BIO 101": "My morning class"}}
COLORS = {
    "stella": {"BIO 101": "#0b874b", "HIS 110": "#8f3e97"},
    "noah": {"MATH 6": "#06a3b7"},
    "amara": {"BIO 101": "#d41e00"},
}
POSITIONS = {"stella": ("BIO 101", "HIS 110"), "amara": ("CHEM 201", "BIO 101")}
