"""The words of plain lists: headers, statuses, and rows that count others. Each is compared by its
letters and digits, without case and accents: see `spelling.spell`."""

# The fields of plain lists, each with its words.
LIST_WORDS = {
    "number": (
        "number|id|student id|student number|student no|sis id|sis user id|id number"
        "|matriculation number|admission no|admission number|roll no|roll number|schulernr"
        "|schulernummer|matrikelnummer|matrikelnr|matrnr|identifiant|matricule|n etudiant"
        "|no etudiant|numero etudiant"
        "|numero d'etudiant|numero|codigo|matricula|numero de matricula|matricola|studienummer"
        "|leerlingnummer|elevnummer|学籍番号|学生番号|学号"
    ),
    "family_name": (
        "last name|last|surname|family name|nachname|familienname|zuname|nom|nom de famille"
        "|apellido|apellidos|sobrenome|cognome|achternaam|efternamn|efternavn|nazwisko|姓"
    ),
    "given_name": ("first name|first|given name|forename|vorname|prenom|nombre|nome|voornaam|名"),
    "name": "name|student|student name|full name|nom et prenom|schuler|alumno",
    "email": (
        "email|mail|email address|e-mail-adresse|courriel|adresse e-mail|correo"
        "|correo electronico|posta elettronica|e-mailadres|メール"
    ),
    "groups": (
        "group|groups|gruppe|gruppen|groupe|groupes|grupo|grupos|gruppo|gruppi|groep|groepen|grupp"
        "|grupper|grupa|grupy"
    ),
    "course": "course|course code|class|section|kurs|klasse|cours",
    "term": "term|semester|halbjahr",
    "status": (
        "status|student status|enrollment status|enrolment status|enroll status|statut|estado"
    ),
    "outcome": "outcome|result|ergebnis|resultat|resultado|esito|resultaat",
    "grade": "grade|mark|note|nota|voto|cijfer",
}
# In a gradebook of Canvas, the first is an id within Canvas where the second is there.
INTERNAL_ID, SIS_ID = "id", "sisuserid"
# PowerSchool has figures in this column: 0 is active there.
CODED_STATUS = "enrollstatus"
# What a field is called that is to be left out.
IGNORED = "ignore"
# What the cells of a field hold, where that is no text.
LIST_KINDS = {
    "number": "number",
    "family_name": "name",
    "given_name": "name",
    "name": "name",
    "email": "email",
}
# The statuses of a student, then those of an enrollment, each with its words.
STATUS_WORDS = {
    "active": (
        "active|yes|y|true|1|current|present|registered|attending|enabled|aktiv|ja|wahr|angemeldet"
        "|eingeschrieben|actif|oui|vrai|inscrit|inscrite|activo|activa|si|alta|verdadero"
        "|matriculado|matriculada|attivo|attiva|vero|iscritto|iscritta|ativo|ativa|sim|actief"
        "|ingeschreven|aktywny|aktywna|tak|在籍|在学|在读"
    ),
    "inactive": (
        "inactive|no|n|false|0|withdrawn|withdrew|graduated|alumni|alumnus|left"
        "|gone|former|suspended|dropped out|dropout|expelled|transferred|disabled|deleted|inaktiv"
        "|nein|falsch|abgemeldet|ausgetreten|abgegangen|ausgeschieden|exmatrikuliert|inactif"
        "|non|faux|parti|partie|desinscrit|desinscrite|diplome|diplomee|exclu|inactivo"
        "|inactiva|baja|falso|retirado|retirada|graduado|graduada|egresado|egresada|inattivo"
        "|inattiva|ritirato|ritirata|diplomato|diplomata|inativo|inativa|nao|desistente|inactief"
        "|nee|uitgeschreven|nej|nieaktywny|nieaktywna|nie|退学|卒業|毕业"
    ),
    "enrolled": "enrolled",
    "waitlisted": "waitlisted|waiting",
    "completed": "completed|complete",
    "dropped": "dropped",
}
# The outcomes of a student who has completed a course, each with its words.
OUTCOME_WORDS = {
    "passed": (
        "passed|pass|bestanden|reussi|reussie|admis|admise|aprobado|aprobada|superato|superata"
        "|aprovado|aprovada|geslaagd"
    ),
    "failed": (
        "not passed|failed|fail|nicht bestanden|non reussi|non reussie|ajourne|ajournee|no aprobado"
        "|no aprobada|suspenso|non superato|non superata|reprovado|reprovada|niet geslaagd|gezakt"
    ),
}
# Some of the words, as the message about an unknown word lists them.
SOME_STATUSES = "active, yes, inactive, no, withdrawn, graduated, left, completed or dropped"
# A row with one of these at its start counts rows or points, and is no person.
TOTALS = {
    *("total", "sum", "summe", "gesamt", "anzahl", "somme", "suma", "totale", "totaal", "count"),
    "points possible",
}
