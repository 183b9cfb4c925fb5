"""Mail providers, as data: what each folds, where its mailbox is opened; none of them is ever asked for by DNS.

A rule stands here only with a source that says so. Where none is known, nothing is folded: two signatures of one
person are a smaller fault than two people counted as one (security.md A5). Never folded: hyphens (Yahoo's
are addresses of their own), sub-domains (Fastmail), the country forms of a domain, sister domains.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider and how it reads the part before the @.

    `domains`: exact, or `*.parent` for everything below a parent. `plus_tags`: `+tag` is ignored. `dots`: dots are
    ignored. `alias_of`: the domain under which the same mailbox is known. `inbox`: where its owner reads letters.
    """

    name: str
    domains: frozenset[str]
    plus_tags: bool = False
    dots: bool = False
    alias_of: str | None = None
    inbox: str | None = None


def _row(
    name: str,
    domains: str,
    *,
    inbox: str | None = None,
    plus_tags: bool = False,
    dots: bool = False,
    alias_of: str | None = None,
) -> Provider:
    return Provider(name, frozenset(domains.split()), plus_tags, dots, alias_of, inbox)


def _countries(brand: str, endings: str) -> str:
    return " ".join(f"{brand}.{ending}" for ending in endings.split())


_HOTMAIL = "com be ca ch cl co.il co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.hk com.tr com.tw com.vn"
_HOTMAIL += " cz de dk es fi fr gr hu it lt lv my nl no ph rs se sg sk"
_LIVE = "com at be ca cl cn co.kr co.uk co.za com.ar com.au com.mx com.my com.pt com.sg de dk fi fr hk ie in it jp"
_LIVE += " nl no ph ru se"
_OUTLOOK = "com at be bg cl co co.id co.il co.nz co.th com.ar com.au com.br com.es com.gr com.hr com.pe com.py com.tr"
_OUTLOOK += " com.vn cz de dk ec es fr hn hu ie in it jp kr lv my ph pt sa sg si sk"
_YAHOO = "com at be bg ca ch cl co.id co.il co.in co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.co"
_YAHOO += " com.hk com.mx com.my com.pe com.ph com.sg com.tr com.tw com.ve com.vn cz de dk es fi fr gr hr hu ie in it"
_YAHOO += " nl no pl pt ro se"
_YANDEX = "ru com by kz ua uz az com.am com.ge com.tr co.il ee fr kg lt lv md tj tm"

TABLE: tuple[Provider, ...] = (
    # Google: support.google.com/mail/answer/7436150 (dots), /22370 (tags); googlemail.com is the older name.
    _row("Gmail", "gmail.com", inbox="https://mail.google.com/", plus_tags=True, dots=True),
    _row(
        "Gmail",
        "googlemail.com",
        inbox="https://mail.google.com/",
        plus_tags=True,
        dots=True,
        alias_of="gmail.com",
    ),
    # Microsoft has ignored tags in its free mailboxes since 2013 (zdnet.com on Office 365's "+", 2020); dots count.
    _row(
        "Outlook",
        " ".join(
            (
                _countries("outlook", _OUTLOOK),
                _countries("hotmail", _HOTMAIL),
                _countries("live", _LIVE),
                "msn.com windowslive.com passport.com",
            )
        ),
        inbox="https://outlook.live.com/mail/",
        plus_tags=True,
    ),
    # iCloud delivers tagged letters to the plain name (kosukety.org; Wikipedia, "Email address"). The three domains
    # are one account only for people of before 2012 (support.apple.com/118230), so they stay apart.
    _row("iCloud", "icloud.com me.com mac.com", inbox="https://www.icloud.com/mail/", plus_tags=True),
    # proton.me/support/addresses-and-aliases: "+" addresses without end. Its domains can be different people's.
    _row(
        "Proton Mail",
        "proton.me protonmail.com protonmail.ch pm.me",
        inbox="https://mail.proton.me/",
        plus_tags=True,
    ),
    # fastmail.help/hc/en-us/articles/360060591053; what stands below is somebody's sub-domain, taken as typed.
    _row(
        "Fastmail",
        "fastmail.com fastmail.fm fastmail.org fastmail.net fastmail.us fastmail.co.uk fastmail.de fastmail.es"
        " fastmail.fr fastmail.cn fastmail.jp fastmail.nl fastmail.im fastmail.in fastmail.to fastmail.tw sent.com"
        " mailbolt.com messagingengine.com",
        inbox="https://app.fastmail.com/",
        plus_tags=True,
    ),
    _row("Fastmail", "*.fastmail.com *.fastmail.fm", inbox="https://app.fastmail.com/"),
    # kb.mailbox.org/en/private/e-mail/mail-extensions
    _row("mailbox.org", "mailbox.org", inbox="https://login.mailbox.org/", plus_tags=True),
    # yandex.com/support/mail/reg.html, "special email addresses" (tags; the dots it also evens out are left alone).
    _row("Yandex", "ya.ru " + _countries("yandex", _YANDEX), inbox="https://mail.yandex.com/", plus_tags=True),
    # Wikipedia, "Email address", sub-addressing.
    _row("Runbox", "runbox.com", inbox="https://runbox.com/", plus_tags=True),
    # From here on: no source that tags are ignored, or one that they are not; nothing is folded.
    # help.yahoo.com/kb/SLN28815.html: a hyphen makes another address, not a tag.
    _row(
        "Yahoo",
        "ymail.com rocketmail.com myyahoo.com " + _countries("yahoo", _YAHOO),
        inbox="https://mail.yahoo.com/",
    ),
    _row("AOL", "aol.com aol.co.uk aol.de aol.fr aim.com love.com", inbox="https://mail.aol.com/"),
    # support.gmx.com and hilfe.web.de know aliases that are made first, no tags.
    _row("GMX", "gmx.de gmx.net gmx.at gmx.ch gmx.eu", inbox="https://www.gmx.net/"),
    _row("GMX", "gmx.com gmx.es gmx.fr gmx.us gmx.co.uk", inbox="https://www.gmx.com/"),
    _row("WEB.DE", "web.de email.de", inbox="https://web.de/"),
    _row("mail.com", "mail.com email.com usa.com europe.com", inbox="https://www.mail.com/"),
    _row("Freenet", "freenet.de", inbox="https://email.freenet.de/"),
    _row("T-Online", "t-online.de magenta.de", inbox="https://email.t-online.de/"),
    _row("Posteo", "posteo.de posteo.net posteo.org posteo.eu posteo.at posteo.ch", inbox="https://posteo.de/"),
    # help.mail.ru/mail/account/aliases: aliases that are made first.
    _row("Mail.ru", "mail.ru inbox.ru list.ru bk.ru internet.ru", inbox="https://e.mail.ru/"),
    _row("Rambler", "rambler.ru lenta.ru ro.ru", inbox="https://mail.rambler.ru/"),
    _row(
        "Zoho",
        "zoho.com zoho.eu zoho.in zohomail.com zohomail.eu zohomail.in",
        inbox="https://mail.zoho.com/",
    ),
    # tuta.com/support/howto: aliases that are made first.
    _row(
        "Tuta",
        "tuta.com tuta.io tutanota.com tutanota.de tutamail.com keemail.me",
        inbox="https://app.tuta.com/",
    ),
    _row("Hey", "hey.com", inbox="https://app.hey.com/"),
    _row("Riseup", "riseup.net", inbox="https://mail.riseup.net/"),
    _row("Disroot", "disroot.org", inbox="https://webmail.disroot.org/"),
    _row("Autistici", "autistici.org inventati.org"),
    _row("Mailfence", "mailfence.com", inbox="https://mailfence.com/"),
    _row("Startmail", "startmail.com", inbox="https://mail.startmail.com/"),
    _row("Free", "free.fr", inbox="https://webmail.free.fr/"),
    _row("Orange", "orange.fr wanadoo.fr", inbox="https://messagerie.orange.fr/"),
    _row("SFR", "sfr.fr neuf.fr", inbox="https://webmail.sfr.fr/"),
    _row("La Poste", "laposte.net", inbox="https://www.laposte.net/accueil"),
    _row("Libero", "libero.it iol.it", inbox="https://mail.libero.it/"),
    _row("Virgilio", "virgilio.it", inbox="https://mail.virgilio.it/"),
    _row("Alice", "alice.it tim.it"),
    _row("Tiscali", "tiscali.it", inbox="https://mail.tiscali.it/"),
    _row("Seznam", "seznam.cz email.cz post.cz", inbox="https://email.seznam.cz/"),
    _row("Wirtualna Polska", "wp.pl o2.pl", inbox="https://poczta.wp.pl/"),
    _row("Onet", "onet.pl op.pl poczta.onet.pl", inbox="https://poczta.onet.pl/"),
    _row("Interia", "interia.pl", inbox="https://poczta.interia.pl/"),
    _row("Telenet", "telenet.be skynet.be"),
    _row("Ziggo", "ziggo.nl kpnmail.nl xs4all.nl"),
    _row("Bluewin", "bluewin.ch"),
    _row("BT", "btinternet.com", inbox="https://email.bt.com/"),
    _row("Sky", "sky.com"),
    _row("Virgin Media", "virginmedia.com ntlworld.com"),
    _row("Comcast", "comcast.net", inbox="https://connect.xfinity.com/"),
    _row("AT&T", "att.net sbcglobal.net bellsouth.net", inbox="https://currently.att.yahoo.com/"),
    _row("Verizon", "verizon.net"),
    _row("Cox", "cox.net"),
    _row("Spectrum", "charter.net"),
    _row("Shaw", "shaw.ca"),
    _row("Bigpond", "bigpond.com bigpond.net.au"),
    _row("Terra", "terra.com.br terra.es"),
    _row("UOL", "uol.com.br bol.com.br", inbox="https://email.uol.com.br/"),
    _row("Rediff", "rediffmail.com", inbox="https://mail.rediff.com/"),
    _row("Ukr.net", "ukr.net", inbox="https://mail.ukr.net/"),
    _row("i.ua", "i.ua", inbox="https://mail.i.ua/"),
    _row("abv.bg", "abv.bg", inbox="https://www.abv.bg/"),
    _row("QQ", "qq.com foxmail.com", inbox="https://mail.qq.com/"),
    _row("NetEase", "163.com 126.com yeah.net", inbox="https://email.163.com/"),
    _row("Sina", "sina.com sina.cn"),
    _row("Naver", "naver.com", inbox="https://mail.naver.com/"),
    _row("Daum", "hanmail.net daum.net", inbox="https://mail.daum.net/"),
    # Relays that pass letters on: each address is one of its own, and nobody may be refused for using one (A3).
    _row("DuckDuckGo", "duck.com"),
    _row("Firefox Relay", "mozmail.com *.mozmail.com"),
    _row(
        "SimpleLogin",
        "simplelogin.com simplelogin.co simplelogin.fr simplelogin.io aleeas.com slmail.me passmail.net passinbox.com",
    ),
    _row("addy.io", "addy.io anonaddy.com anonaddy.me *.anonaddy.com *.anonaddy.me"),
    _row("Apple", "privaterelay.appleid.com"),
)

# What the slips of a finger are compared with: the most used first, none so short that real domains stand next to it.
_OFTEN_MEANT = (
    "gmail.com hotmail.com outlook.com yahoo.com icloud.com googlemail.com protonmail.com proton.me hotmail.co.uk"
    " hotmail.fr hotmail.es hotmail.it hotmail.de outlook.es outlook.fr outlook.de yahoo.co.uk yahoo.fr yahoo.es"
    " yahoo.de yahoo.it yahoo.com.br yahoo.com.mx yahoo.com.ar yahoo.co.in yahoo.co.jp yandex.ru fastmail.com"
    " t-online.de btinternet.com laposte.net wanadoo.fr mailbox.org tutanota.com riseup.net rediffmail.com"
    " comcast.net"
)
OFTEN_MEANT: tuple[str, ...] = tuple(_OFTEN_MEANT.split())
# Slips that are more than one stroke away.
SLIPS: dict[str, str] = {
    "icould.com": "icloud.com",
    "gmail": "gmail.com",
    "hotmail": "hotmail.com",
    "outlook": "outlook.com",
    "yahoo": "yahoo.com",
    "icloud": "icloud.com",
    "proton": "proton.me",
}
