"""What the demo's people add to their names: roles, invented organisations and comments, by language."""

from typing import NamedTuple


class Words(NamedTuple):
    """What somebody who writes in one language may put into the form's optional fields.

    Roles are words that fit any person, since nothing here knows whether a name is a woman's or a man's.
    """

    roles: tuple[str, ...]
    organisations: tuple[str, ...]
    comments: tuple[str, ...]


WORDS = {
    "en": Words(
        roles=(
            "nurse",
            "retired ship's cook",
            "teacher",
            "bus driver",
            "student",
            "crane operator",
            "librarian",
            "shop steward",
            "marine engineer",
            "parish worker",
            "welder",
            "lecturer in labour law",
            "baker",
        ),
        organisations=(
            "Harbour Lane Readers' Circle",
            "Third Watch Seafarers' Club",
            "Saltmarket Tenants' Assembly",
            "Hill Street Teachers' Committee",
            "Quayside Choir",
            "Open Table Community Kitchen",
        ),
        comments=(
            "My brother was on a ship like this for seven months. Nobody rang us.",
            "Whoever owns the cargo has had it delivered. The crew should be delivered too.",
            "I unload these ships. We see the faces at the rail, and we talk about it at every break.",
            "Eleven months without pay would not be tolerated in an office.",
            "The rules exist. Somebody only has to apply them.",
            "I signed at the market stall last week and nobody there had heard of it. Now forty people have.",
            "Signed at the end of a night shift, with respect for theirs.",
            "My grandmother waited for letters from a harbour. No one should have to wait like that now.",
            "Please tell us when they are home, not only when something goes wrong.",
            "A small country's harbour can do a large thing here.",
        ),
    ),
    "es": Words(
        roles=(
            "docente",
            "estudiante",
            "electricista",
            "taxista",
            "periodista",
            "maquinista naval",
            "fisioterapeuta",
            "oficinista",
            "representante sindical",
            "cantante",
            "agente de aduanas",
        ),
        organisations=(
            "Ateneo Obrero La Farola",
            "Cofradía de Lectores del Muelle",
            "Asamblea Vecinal de Ribera Alta",
            "Coro de la Lonja",
            "Cocina Comunitaria Mesa Larga",
            "Círculo de Maestras de la Cuesta",
        ),
        comments=(
            "Navegué veintidós años. Lo peor no es el hambre, es que nadie te diga cuándo.",
            "Si el barco puede estar en ese puerto, su gente también puede salir de él.",
            "Lo hablamos en la colla antes de empezar el turno y firmamos los doce.",
            "Mi hijo está embarcado. Firmo por él y por los de ustedes.",
            "No piden un favor: piden su sueldo y un billete de vuelta.",
            "Que el puerto conteste, aunque sea para decir que no. El silencio también cansa.",
            "Desde la sierra, donde nunca vimos el mar, pero sí patrones que se marchan sin pagar.",
            "Ojalá la próxima noticia sea una foto de ellos en su casa.",
        ),
    ),
    "ar": Words(
        roles=(
            "من قطاع التمريض",
            "من أسرة التعليم",
            "من عمّال الميناء",
            "من أهل البحر",
            "من نقابة المحامين",
            "من طلبة الهندسة",
        ),
        organisations=(
            "نادي قرّاء الرصيف",
            "لجنة أهالي حيّ المنارة",
            "رابطة معلّمي التلّ",
            "مطبخ المائدة المفتوحة",
        ),
        comments=(
            "عملتُ في البحر خمسة عشر عامًا، وأعرف معنى أن ينتظر المرء خبرًا لا يأتي.",
            "لا يطلبون صدقة، بل أجورهم وطريق العودة.",
            "ابني بحّار، وقد وقّعتُ باسمه وباسمي.",
            "نراهم من الرصيف كل صباح ولا يجوز أن نعتاد رؤيتهم.",
            "القانون واضح، وما ينقص هو من يطبّقه.",
        ),
    ),
    "fr": Words(
        roles=("bibliothécaire", "docker", "journaliste", "interprète", "libraire", "machiniste"),
        organisations=("Cercle des lecteurs du Quai Vert", "Comité des voisins de la Butte-aux-Sels"),
        comments=(
            "Mon père était marin. Il disait qu'un équipage se juge à la façon dont on le ramène.",
            "Onze mois sans salaire : dans n'importe quel bureau, on aurait appelé la police.",
            "Signé à la pause, à quatre, sur le même téléphone, chacun son adresse.",
        ),
    ),
    "de": Words(
        roles=(
            "Pflegekraft",
            "Lehrkraft",
            "Mitglied im Betriebsrat",
            "Fachkraft im Hafenumschlag",
            "Aushilfe im Buchladen",
        ),
        organisations=("Lesekreis Alte Reepschlägerei", "Nachbarschaftsrat Deichstieg"),
        comments=(
            "Wer Ware über See bestellt, sollte wissen, wer sie fährt.",
            "Ich habe selbst auf Reede gelegen. Drei Wochen waren lang. Elf Monate sind ein Skandal.",
            "Bitte haltet uns auf dem Laufenden, auch wenn es dauert.",
        ),
    ),
    "it": Words(
        roles=("insegnante", "portuale", "giornalista", "elettricista", "barista", "interprete"),
        organisations=("Circolo di lettura La Gomena", "Comitato di quartiere Borgo del Sale"),
        comments=(
            "In porto lo sanno tutti. Ora lo sappia anche chi decide.",
            "Mio zio tornò dopo otto mesi e non volle più vedere il mare.",
        ),
    ),
    "pt": Words(
        roles=("motorista", "estudante", "jornalista", "eletricista", "dentista", "intérprete"),
        organisations=("Roda de Leitura do Cais Velho", "Associação de Moradores da Ladeira Nova"),
        comments=(
            "Quem trabalha no mar também tem casa. Que os deixem voltar.",
            "Assinei com a minha turma inteira depois da aula de hoje.",
        ),
    ),
}

#: What people who want to join offer to do, by the language they write in.
OFFERS = {
    "en": (
        "I have a van and every second Sunday.",
        "I can interpret between Portuguese and English, not too fast.",
        "I would put up posters between the station and the river.",
        "I did payroll for thirty years. Give me a column to add up.",
        "A room above our shop, forty chairs, a kettle.",
        "I can draw.",
        "I will bring sheets to the choir on Thursdays.",
        "Not much time, but I am good on the telephone.",
    ),
    "es": (
        "Tengo furgoneta los domingos.",
        "Puedo traducir del italiano, despacio y bien.",
        "En la asociación de vecinos nos dejan la sala los miércoles.",
        "Sé coser pancartas y llevar cuentas.",
        "Pasaría hojas en la cola del mercado.",
        "Poco tiempo, pero sé escuchar y tomar actas.",
    ),
}
