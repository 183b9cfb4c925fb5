"""Which addresses are taken, what they fold to, whether their domain exists (S20–S23, S32; security.md 2.2)."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from petition.base import mailbox, providers
from petition.base.domains import REST, DomainCheck
from petition.base.turns import Turns

OURS = frozenset({"postmaster@petition.example", "relay.example"})


def folded(typed: str) -> str:
    return mailbox.parse(typed).folded


def why(typed: str, *, smtputf8: bool = False) -> str:
    with pytest.raises(mailbox.MailboxRefused) as refused:
        mailbox.parse(typed, ours=OURS, smtputf8=smtputf8)
    return refused.value.why


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        (" \t ", "empty"),
        ("a", "syntax"),
        ("a@b", "syntax"),
        ("a@localhost", "syntax"),
        ("@x.org", "syntax"),
        ("a@", "syntax"),
        ("a@b@x.org", "syntax"),
        ("a b@x.org", "syntax"),
        ("a@x .org", "syntax"),
        ("a..b@x.org", "syntax"),
        (".a@x.org", "syntax"),
        ("a.@x.org", "syntax"),
        ('"a b"@x.org', "syntax"),
        ("a@[127.0.0.1]", "syntax"),
        ("a@[IPv6:::1]", "syntax"),
        ("a@127.0.0.1", "syntax"),
        ("a@x.org,b@x.org", "syntax"),
        ("a@x.org;b@x.org", "syntax"),
        ("A <a@x.org>", "syntax"),
        ("<a@x.org>", "syntax"),
        ("a(comment)@x.org", "syntax"),
        ("a@x.org\nBcc: v@x.org", "syntax"),
        ("a@x.org\r\nBcc: v@x.org", "syntax"),
        ("a\n@x.org", "syntax"),
        ("a%0ab@x.org\x00", "syntax"),
        ("a\u200b@x.org", "syntax"),
        ("a\u202e@x.org", "syntax"),
        ("a\ud800@x.org", "syntax"),
        ("a@x..org", "syntax"),
        ("a@x.org..", "syntax"),
        ("a@-x.org", "syntax"),
        ("a@foo.invalid", "syntax"),
        ("a@test", "syntax"),
        ("a" * 65 + "@x.org", "too_long"),
        ("é" * 33 + "@x.org", "too_long"),
        ("a@" + ("b" * 59 + ".") * 4 + "bcdefgh.example", "too_long"),
        ("a" * 10_000, "too_long"),
        ("δοκιμή@παράδειγμα.ελ", "smtputf8"),
        ("ﬁ@x.org", "smtputf8"),
        ("postmaster@petition.example", "ours"),
        ("Postmaster+x@Petition.Example", "ours"),
        ("anyone@relay.example", "ours"),
    ],
)
def test_an_address_that_cannot_be_written_to_is_refused_with_its_reason(typed: str, reason: str) -> None:
    assert why(typed) == reason


def test_a_refusal_holds_nothing_of_what_was_typed() -> None:
    with pytest.raises(mailbox.MailboxRefused) as refused:
        mailbox.parse("canary..7f3a@x.org")
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "typed",
    [
        "a@x.org",
        "a@mail.sub.x.org",
        "a@x.photography",
        "o'brien@x.org",
        "a+b-c_d=e@x.org",
        "-a@x.org",
        "a" * 64 + "@x.org",
        "a@" + ("b" * 59 + ".") * 4 + "bcd.example",
        "someone@petition.example",
    ],
)
def test_an_ordinary_address_is_mailed_as_typed(typed: str) -> None:
    assert mailbox.parse(typed, ours=OURS).address == typed


def test_an_address_of_254_bytes_is_taken_and_of_255_is_not() -> None:
    longest = "a@" + ("b" * 59 + ".") * 4 + "bcdx.example"
    assert len(longest) == 254
    assert mailbox.parse(longest).address == longest
    assert why("a" + longest) == "too_long"


def test_a_domain_that_grows_too_long_as_an_a_label_is_refused() -> None:
    assert why("a@" + "ü" * 50 + "." + ("b" * 60 + ".") * 3 + "example") in ("too_long", "syntax")


def test_blanks_around_and_a_trailing_dot_are_taken_off_before_checking() -> None:
    assert mailbox.parse(" a@x.org. \n") == mailbox.parse("a@x.org")


def test_a_domain_in_letters_of_any_script_is_mailed_as_a_label() -> None:
    box = mailbox.parse("U@BÜCHER.example")
    assert box.address == "U@xn--bcher-kva.example"
    assert box.domain == "xn--bcher-kva.example"
    assert box.folded == folded("u@xn--bcher-kva.example") == folded("u@XN--BCHER-KVA.EXAMPLE")
    assert folded("a@ｅxample.com") == folded("a@example.com")


def test_a_look_alike_domain_is_another_domain() -> None:
    box = mailbox.parse("a@exаmple.com")
    assert box.address == "a@xn--exmple-4nf.com"
    assert box.folded != folded("a@example.com")


def test_a_local_part_beyond_ascii_is_taken_where_the_relay_takes_it() -> None:
    box = mailbox.parse("Δοκιμή@παράδειγμα.ελ", smtputf8=True)
    assert box.address.startswith("Δοκιμή@xn--")
    assert box.folded.startswith("δοκιμή@xn--")
    two_people = {mailbox.parse(f"{local}@x.org", smtputf8=True).folded for local in ("weiß", "weiss")}
    assert len(two_people) == 2


def test_all_ways_to_write_one_gmail_box_are_one_mailbox() -> None:
    locals_ = ["jdoe", "j.doe", "j.d.o.e", "JDoe", "J.DOE", "jdoe+1", "j.d.o.e+news+2", "Jd.oe+x.y"]
    domains = ["gmail.com", "GMAIL.com", "googlemail.com", "GoogleMail.com", "gmail.com.", " gmail.com"]
    ways = {folded(f" {local}@{domain.strip()} ") for local in locals_ for domain in domains}
    assert ways == {"jdoe@gmail.com"}


def test_letters_go_to_the_address_as_typed_not_as_folded() -> None:
    box = mailbox.parse("J.Doe+water@googlemail.com")
    assert box.address == "J.Doe+water@googlemail.com"
    assert box.domain == "googlemail.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("j.doe@outlook.com", "jdoe@outlook.com"),
        ("j.doe@example.org", "jdoe@example.org"),
        ("a-b@yahoo.com", "a@yahoo.com"),
        ("a+b@yahoo.com", "a@yahoo.com"),
        ("a+b@gmx.de", "a@gmx.de"),
        ("a+b@example.org", "a@example.org"),
        ("x@u.fastmail.com", "x@fastmail.com"),
        ("a_b@gmail.com", "ab@gmail.com"),
        ("a@hotmail.com", "a@hotmail.fr"),
        ("a@me.com", "a@icloud.com"),
        ("a@pm.me", "a@proton.me"),
        ("a@ya.ru", "a@yandex.ru"),
        ("+a@gmail.com", "+b@gmail.com"),
        ("a@straße.example", "a@strasse.example"),
    ],
)
def test_two_people_are_never_made_one(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@pytest.mark.parametrize(
    "domain",
    [
        "outlook.com",
        "hotmail.co.uk",
        "live.nl",
        "msn.com",
        "icloud.com",
        "proton.me",
        "fastmail.fm",
        "mailbox.org",
    ],
)
def test_a_plus_tag_is_folded_only_where_the_provider_ignores_it(domain: str) -> None:
    assert folded(f"a.b+tag@{domain}") == f"a.b@{domain}"


def test_what_stands_below_a_provider_has_rules_of_its_own() -> None:
    below, above = mailbox.provider("me.fastmail.com"), mailbox.provider("fastmail.com")
    assert below is not None
    assert above is not None
    assert (below.plus_tags, above.plus_tags) == (False, True)
    assert mailbox.provider("a.b.mozmail.com") is not None
    assert mailbox.provider("notgmail.com") is None
    assert mailbox.provider("gmail.com.example.org") is None
    assert mailbox.provider("") is None


locals_ = st.from_regex(r"[A-Za-z0-9+_-]{1,8}(\.[A-Za-z0-9+_-]{1,8}){0,3}", fullmatch=True)
domains = st.sampled_from(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "yahoo.com",
        "example.org",
        "u.fastmail.com",
        "ya.ru",
        "yandex.ru",
    ]
)


@given(locals_, domains)
def test_folding_is_idempotent_and_blind_to_case(local: str, domain: str) -> None:
    once = folded(f"{local}@{domain}")
    assert folded(f"{local.upper()}@{domain.upper()}") == once
    # The folded form need not be valid (`a.+x@` gives `a.@`): it is folded again by the same rule, not
    # parsed.
    assert mailbox._folded(*once.rsplit("@", 1)) == once


@given(locals_, domains)
def test_what_was_checked_before_is_folded_without_checking_it_again(local: str, domain: str) -> None:
    found = mailbox.parse(f"{local}@{domain}")
    assert mailbox.folded(found.address) == found.folded


@given(locals_, domains, domains)
def test_folding_never_merges_different_domains(local: str, one: str, other: str) -> None:
    one, other = (d.replace("googlemail", "gmail") for d in (one, other))
    assert (folded(f"{local}@{one}") == folded(f"{local}@{other}")) == (one == other)


@given(
    st.text("abcxyz019_-.+A", max_size=12),
    st.text("abcxyz019-.ZüÜ", max_size=12) | st.sampled_from(["GMail.com", "localhost", "a.test", "x" * 64 + ".org"]),
)
@example("a" * 64, "gmail.com")
@example("a" * 65, "gmail.com")
@example("info", "Example.ORG")
def test_the_short_way_takes_and_refuses_what_the_library_does(local: str, domain: str) -> None:
    """Plain addresses at a domain that was seen before do not go through it."""
    typed = f"{local}@{domain}"
    try:
        library = validate_email(typed.removesuffix("."), strict=True, check_deliverability=False, allow_smtputf8=False)
        wanted = f"{library.local_part}@{str(library.ascii_domain).lower()}"
    except EmailNotValidError:
        wanted = ""
    for _ in range(2):
        try:
            found = mailbox.parse(typed).address
        except mailbox.MailboxRefused:
            found = ""
        assert found == wanted


@given(st.text(max_size=40))
def test_parsing_only_ever_refuses_in_its_own_way(typed: str) -> None:
    for attempt in (typed, f"{typed}@gmail.com", f"a@{typed}.example"):
        try:
            box = mailbox.parse(attempt)
        except mailbox.MailboxRefused:
            continue
        assert box.address.isascii()
        assert box.address.count("@") == 1
        assert "\n" not in box.address


def test_every_row_is_lower_case_ascii_and_no_domain_stands_twice() -> None:
    listed = [domain for row in providers.TABLE for domain in row.domains]
    assert len(listed) == len(set(listed))
    assert all(domain == domain.lower().removesuffix(".") and domain.isascii() for domain in listed)
    assert all(row.inbox is None or row.inbox.startswith("https://") for row in providers.TABLE)


def test_dots_are_folded_by_gmail_alone() -> None:
    assert {d for row in providers.TABLE if row.dots for d in row.domains} == {"gmail.com", "googlemail.com"}


@pytest.mark.parametrize(
    "domain",
    ["duck.com", "mozmail.com", "simplelogin.com", "privaterelay.appleid.com", "proton.me", "riseup.net"],
)
def test_relays_and_private_mail_are_known_providers(domain: str) -> None:
    assert mailbox.provider(domain) is not None


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail,com", "gmail.com"),
        ("gmail", "gmail.com"),
        ("GMIAL.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("homail.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("yaho.com", "yahoo.com"),
        ("icould.com", "icloud.com"),
        ("iclod.com", "icloud.com"),
        ("protonmial.com", "protonmail.com"),
        ("hotmail.co.ku", "hotmail.co.uk"),
    ],
)
def test_a_common_slip_is_answered_with_the_whole_corrected_address(slip: str, meant: str) -> None:
    assert mailbox.suggestion(f"J.Doe+x@{slip}") == f"J.Doe+x@{meant}"


def test_no_known_provider_is_ever_doubted() -> None:
    for row in providers.TABLE:
        for domain in row.domains:
            assert mailbox.suggestion(f"a@{domain.replace('*', 'sub')}") is None


@pytest.mark.parametrize(
    "address", ["a@example.org", "a@women.example", "a", "", "@gmial.com", "a b@gmial.com", "a@x,b@gmail"]
)
def test_nothing_is_suggested_where_nothing_is_likely_or_it_would_not_work(address: str) -> None:
    assert mailbox.suggestion(address) is None


def test_an_address_without_its_ending_is_refused_with_the_suggestion() -> None:
    with pytest.raises(mailbox.MailboxRefused) as refused:
        mailbox.parse("ana@gmail")
    assert (refused.value.why, refused.value.suggestion) == ("syntax", "ana@gmail.com")


Zone = dict[tuple[str, str], list[str]]

ZONE: Zone = {
    ("gmail.com.", "MX"): ["10 mx.example."],
    ("mail.example.", "MX"): ["10 mx.example.", "20 mx2.example."],
    ("plain.example.", "A"): ["192.0.2.1"],
    ("six.example.", "AAAA"): ["2001:db8::1"],
    ("null.example.", "MX"): ["0 ."],
    ("null.example.", "A"): ["192.0.2.1"],
    ("empty.example.", "TXT"): ['"nothing else"'],
}


class NameServer:
    """A small DNS server on the loopback: answers from a zone, late if told so, remembers the questions."""

    def __init__(self, zone: Zone) -> None:
        self.zone, self.silent, self.failing = zone, False, False
        self.asked: list[str] = []
        self.held = threading.Event()
        self.held.set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def resolver(self) -> dns.resolver.Resolver:
        made = dns.resolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], self.socket.getsockname()[1]
        return made

    def close(self) -> None:
        self.held.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            wire, peer = self.socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            self.asked.append(query.question[0].name.to_text())
            self.held.wait(5)
            if not self.silent:
                self.socket.sendto(self._answer(query).to_wire(), peer)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        name, kind = query.question[0].name.to_text(), dns.rdatatype.to_text(query.question[0].rdtype)
        if self.failing:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif records := self.zone.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
        elif not any(owner == name for owner, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply


@pytest.fixture
def server() -> Iterator[NameServer]:
    made = NameServer(dict(ZONE))
    yield made
    made.close()


def patient(server: NameServer, clock: Callable[[], float] = time.monotonic) -> DomainCheck:
    """A check that a busy machine cannot hurry into a yes."""
    return DomainCheck(server.resolver(), deadline=10, clock=clock)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("domain", "exists"),
    [
        ("mail.example", True),
        ("plain.example", True),
        ("six.example", True),
        ("null.example", False),
        ("empty.example", False),
        ("nowhere.example", False),
        ("xn--bcher-kva.example", False),
    ],
)
def test_a_domain_exists_if_it_can_take_mail(server: NameServer, domain: str, exists: bool) -> None:
    assert patient(server).exists(domain) is exists


def test_a_known_provider_is_never_asked_about(server: NameServer) -> None:
    server.silent = True
    assert patient(server).exists("hotmail.fr")
    assert server.asked == []


def test_an_answer_is_kept_for_an_hour(server: NameServer) -> None:
    clock = Clock()
    check = patient(server, clock)
    assert not check.exists("new.example")
    assert check.exists("mail.example")
    server.zone["new.example.", "MX"] = ["10 mx.example."]
    asked = len(server.asked)
    clock.now += 3599
    assert not check.exists("new.example")
    assert check.exists("mail.example")
    assert len(server.asked) == asked
    clock.now += 2
    assert check.exists("new.example")


def test_no_counts_only_where_dns_has_found_a_known_provider_within_the_hour(server: NameServer) -> None:
    clock = Clock()
    check = patient(server, clock)
    assert not check.exists("nowhere.example")
    del server.zone["gmail.com.", "MX"]
    assert not check.exists("nowhere-else.example")
    clock.now += 3601
    assert check.exists("nowhere.example")
    clock.now += REST
    assert check.exists("nowhere-at-all.example")
    server.zone["gmail.com.", "MX"] = ["10 mx.example."]
    clock.now += REST
    assert not check.exists("nowhere-at-all.example")


def test_a_known_provider_is_looked_for_once_in_the_hour(server: NameServer) -> None:
    check = patient(server)
    for n in range(5):
        check.exists(f"nowhere{n}.example")
    assert server.asked.count("gmail.com.") == 1


def test_no_answer_means_yes_within_the_deadline_and_is_not_kept(server: NameServer) -> None:
    """And nobody else waits for a name server that is silent until it has rested."""
    clock = Clock()
    check = DomainCheck(server.resolver(), clock=clock)
    server.silent = True
    started = time.monotonic()
    assert check.exists("nowhere.example")
    assert 0.25 < time.monotonic() - started < 2
    asked = len(server.asked)
    for name in ("nowhere", "elsewhere", "anywhere"):
        assert check.exists(f"{name}.example")
    assert len(server.asked) == asked
    clock.now += REST
    assert check.exists("nowhere.example")
    assert len(server.asked) > asked


def test_who_asks_lets_others_work_meanwhile(server: NameServer) -> None:
    working = Turns(1)
    assert working.take(0)
    assert not patient(server).exists("nowhere.example")
    assert working.take(0)


def test_a_failing_name_server_means_yes(server: NameServer) -> None:
    server.failing = True
    assert patient(server).exists("nowhere.example")


def test_no_name_server_at_all_means_yes() -> None:
    resolver = dns.resolver.Resolver(configure=False)
    assert DomainCheck(resolver).exists("nowhere.example")


def test_who_finds_no_free_turn_is_told_yes_without_waiting(server: NameServer) -> None:
    check = patient(server)
    assert not check.exists("warm.example")
    server.held.clear()
    first = threading.Thread(target=check.exists, args=("nowhere.example",))
    first.start()
    while "nowhere.example." not in server.asked:
        time.sleep(0.001)
    started = time.monotonic()
    assert check.exists("other-nowhere.example")
    assert time.monotonic() - started < 0.1
    assert "other-nowhere.example." not in server.asked
    server.held.set()
    first.join()
    assert not check.exists("other-nowhere.example")


def test_a_domain_that_takes_no_mail_is_refused_with_a_suggestion_for_a_slip(server: NameServer) -> None:
    check = patient(server)
    with pytest.raises(mailbox.MailboxRefused) as refused:
        check.require(mailbox.parse("ana@gmial.com"))
    assert (refused.value.why, refused.value.suggestion) == ("no_such_domain", "ana@gmail.com")
    check.require(mailbox.parse("ana@mail.example"))


def test_a_strange_name_in_a_question_raises_nothing(server: NameServer) -> None:
    check = patient(server)
    for domain in ("a" * 64 + ".example", "a..example", "b\\.example", "é.example"):
        assert check.exists(domain) in (True, False)
