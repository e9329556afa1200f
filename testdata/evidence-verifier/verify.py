"""Verify an evidence bundle of Tenure, with nothing but Python's standard library.

Written from docs/evidence.md, docs/log.md and evidence.schema.json alone, without the program's own source: it shows that
the documents suffice. It makes no page again, and says so.

    python3 verify.py BUNDLE.zip|DIR [--key VERIFIERKEY]... [--witness KEY]...

Exit code 0: all holds. 8: all holds, but a key that signed was not confirmed with --key. 9: something fails. 2: usage.
"""

import argparse, base64, hashlib, json, os, re, stat, sys, zipfile
from datetime import datetime, timedelta

class Fault(Exception):
    """What is wrong, in words for people."""
class NotSigned(Fault):
    """A note that none of the keys has signed."""
def need(condition, words):
    if not condition:
        raise Fault(words)

sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()

# ---- Ed25519 (RFC 8032, section 5.1.7), with points in extended coordinates
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

def point_add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return x * y % P, z * t % P, y * z % P, x * t % P

def point_times(n, a):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = point_add(total, a)
        a = point_add(a, a)
        n >>= 1
    return total

def point_read(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P

BASE = point_read((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

def ed25519(public, message, signature):
    a, r = point_read(public), point_read(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = point_times(s, BASE), point_add(r, point_times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0

# ---- Signed notes and their keys
def unbase64(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Fault(what + " is no base64")
    need(base64.b64encode(data).decode() == text, what + " is not spelled as base64 is")
    return data

def read_key(text):
    """A verifier key: its name, the hash that signatures begin with, and the 32 public bytes."""
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text)
    need(match, "%r is no verifier key" % text)
    name, digits, rest = match.groups()
    data = unbase64(rest, "the key %r" % text)
    need(len(data) == 33 and data[0] == 1, "%r is no key of Ed25519" % text)
    digest = sha(name.encode() + b"\n" + data)[:4]
    need(digest.hex() == digits, "%r does not have the hash that it says" % text)
    return name, digest, data[1:]

def note_text(data, what):
    """The text of a signed note, whoever signed it."""
    return verify_note(data, what, None, None)

def verify_note(data, what, name, keys):
    """The text of a signed note. At least one known key of that name has signed it, and none wrongly."""
    try:
        body, gap, tail = data.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError:
        raise Fault(what + " is no UTF-8")
    need(gap and tail.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f]", body + tail), what + " is no signed note")
    signed, good = body + "\n", 0
    for line in tail[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        need(match, "%s: %r is no line of a signature" % (what, line))
        raw = unbase64(match[2], "the signature in " + what)
        for key in keys or []:
            if key[0] == name == match[1] and key[1] == raw[:4]:
                need(ed25519(key[2], signed.encode(), raw[4:]), "%s: the signature of %s is wrong" % (what, name))
                good += 1
    if keys is not None and not good:
        raise NotSigned("%s is not signed by a known key of %s" % (what, name))
    return signed

def read_witness(text):
    """The key of a witness, as read_key gives one: its byte before the key is 4."""
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text)
    need(match, "%r is no key of a witness" % text)
    data = unbase64(match[3], "the key %r" % text)
    digest = sha(match[1].encode() + b"\n" + data)[:4]
    need(len(data) == 33 and data[0] == 4 and digest.hex() == match[2], "%r is no key of a witness" % text)
    return match[1], digest, data[1:]

def verify_cosignature(data, witness):
    """When a witness has cosigned a checkpoint: C2SP tlog-cosignature, cosignature/v1."""
    body, gap, tail = data.decode("utf-8").rpartition("\n\n")
    for line in tail.split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        raw = base64.b64decode(match[2]) if match and match[1] == witness[0] else b""
        if raw[:4] == witness[1]:
            seconds = int.from_bytes(raw[4:12], "big")
            message = "cosignature/v1\ntime %d\n%s\n" % (seconds, body)
            need(ed25519(witness[2], message.encode(), raw[12:]), "the cosignature of %s is wrong" % witness[0])
            return seconds
    raise Fault("the witness %s has not cosigned checkpoints/last" % witness[0])

def as_key(name, public):
    """The key of 32 bytes under a name, as read_key gives it."""
    return name, sha(name.encode() + b"\n\x01" + public)[:4], public

# ---- The tree of RFC 9162
node = lambda left, right: sha(b"\x01", left, right)

def climb(fn, sn, first, second, path, who=""):
    """The loop that RFC 9162 has in sections 2.1.3.2 and 2.1.4.2: the roots of both trees, for a path that ends at the top."""
    for p in path:
        need(sn, who + "the proof is too long")
        if fn & 1 or fn == sn:
            first, second = node(p, first), node(p, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node(second, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, who + "the proof is too short")
    return first, second

def tree_root(leaves):
    """RFC 9162, section 2.1.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node(tree_root(leaves[:k]), tree_root(leaves[k:]))

def verify_consistency(first, second, first_root, second_root, path):
    need(first <= second, "the first checkpoint is larger than the last")
    if first == second or first == 0:
        need(not path, "the proof should be empty")
        need(first or first_root == sha(), "the root of no entry is another")  # no entry is the beginning of each log
        need(first != second or first_root == second_root, "the same size has two roots")
        return
    path = [first_root] * (first & (first - 1) == 0) + path
    need(path, "the proof is empty")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    need(climb(fn, sn, path[0], path[0], path[1:]) == (first_root, second_root), "the last log does not begin with the first")

# ---- JSON, and the forms that the schema names
def members(pairs, fold=str.casefold):
    names = [fold(name) for name, _ in pairs]
    need(len(names) == len(set(names)), "a member is repeated of those named %s" % ", ".join(name for name, _ in pairs))
    return dict(pairs)
own_members = lambda pairs: members(pairs, str)  # of contents and details: other letters are another name there
no_constant = lambda name: need(False, name + " is no JSON")

def parse(data, what, hook=members):
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=hook, parse_constant=no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # refuses half of a surrogate pair
        return value
    except Fault as fault:
        raise Fault("%s: %s" % (what, fault))
    except (ValueError, RecursionError) as error:
        raise Fault("%s is no JSON: %s" % (what, error))

def parse_lines(data, what):
    need(not data or data.endswith(b"\n"), what + " does not end with a line feed")
    return [parse(line, "%s, line %d" % (what, n)) for n, line in enumerate(data.split(b"\n")[:-1], 1)]

# A form is a function that says whether a value has it.
count = lambda value: type(value) is int and value >= 0
positive = lambda value: count(value) and value > 0
integer = lambda value: type(value) is int
boolean = lambda value: type(value) is bool
text = lambda value: type(value) is str
matching = lambda pattern: lambda value: type(value) is str and re.fullmatch(pattern, value) is not None
one_of = lambda *values: lambda value: any(type(value) is type(v) and value == v for v in values)
array = lambda item: lambda value: type(value) is list and all(item(v) for v in value)
filled = lambda item: lambda value: array(item)(value) and value != []
triple = lambda middle: lambda value: (
    type(value) is list and len(value) == 3 and text(value[0]) and middle(value[1]) and hash_text(value[2]))
object_of = lambda required, optional={}: lambda value: form_fault(value, required, optional) is None

def form_fault(value, required, optional={}):
    if type(value) is not dict:
        return "it is no object"
    known = {**required, **optional}
    wrong = ["it has no " + name for name in required if name not in value]
    wrong += ["%r is no member of it" % name for name in value if name not in known]
    wrong += ["its %s has a wrong form" % name for name in value if name in known and not known[name](value[name])]
    return wrong[0] if wrong else None

def need_form(value, what, required, optional={}):
    fault = form_fault(value, required, optional)
    need(fault is None, "%s: %s" % (what, fault))

hash_text = matching("[0-9a-f]{64}")
hash_or_none = matching("([0-9a-f]{64})?")
id_text = matching("[0-9a-f]{32}")
kind_text = matching("[a-z_]+")
instant_text = matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")

MANIFEST = {"version": one_of(1, 2, 3), "origin": matching(r"[^\n]+"), "made_at": instant_text, "made_by": text, "made_with": text,
            "acting_organization": text, "log_size": count, "log_root": hash_text, "whole_log": boolean, "events": count,
            "erased_snapshots": count, "withheld_details": count, "snapshots": count,
            "filter": object_of({}, {"clients": array(text), "organization": text, "from": instant_text, "to": instant_text}),
            "objects": lambda value: value is None or type(value) is list,
            "files": array(object_of({"name": text, "sha256": hash_text, "size": count}))}
MANIFEST_MAY = {"pages": positive}
OBJECT_MAY = {"part": one_of("versions")}
OBJECT = {"id": text, "kind": kind_text, "owner": text, "first_seq": count, "last_seq": count, "count": count, "total_at_log_size": count}
EVENT = {"index": count, "salt": hash_text, "envelope": text}
EVENT_MAY = {"detail": text, "detail_salt": hash_text, "detail_gone": one_of("erased", "withheld")}
ENVELOPE = {"v": one_of(1, 2), "kind": matching(r"[a-z_]+\.[a-z-]+"), "object_kind": kind_text, "object": text,
            "seq": positive, "previous": hash_or_none, "ref": text, "org": text, "actor": text, "acting_org": text, "surface": text,
            "reason": text, "recorded_at": integer, "effective_at": integer, "content": hash_or_none, "detail": hash_or_none}
ENVELOPE_MAY = {"rows": filled(triple(array(text))), "tables": filled(triple(count))}
PATH = lambda value: array(hash_text)(value) and len(value) <= 128
PROOF, CONSISTENCY = {"index": count, "hashes": PATH}, {"first_size": count, "last_size": count, "hashes": PATH}
SINCE = {"first_size": positive, "last_size": count, "first_root": hash_text, "hashes": PATH}
KEY_EVENT = {**EVENT, "detail": text, "detail_salt": hash_text, "hashes": PATH}
KEY_DETAIL = {"use": one_of("log", "evidence"), "algorithm": one_of("ed25519"), "public_key": matching("[A-Za-z0-9+/]{43}="), "verifier_key": text}
COUNTED, COUNTED_MAY = {"count": count, "organization": text, "objects": positive, "digest": hash_text}, {"leaf": count, "path": PATH}
COUNT_DETAIL = {"size": count, "organizations": count, "tree_root": hash_text}
EARLIER = {"checkpoint": text, "hashes": PATH}
SNAPSHOT, SNAPSHOT_MAY = {"id": id_text, "index": count}, {"salt": hash_text, "erased": one_of(True)}
NAMES = {"organizations": array(object_of({"id": text, "name": text})),
         "keys": array(object_of({"id": id_text, "name": text, "organization": text})),
         "clients": array(object_of({"id": id_text, "client_id": text}, {"setup": id_text}))}

# Strings of an envelope escape only the quote, the backslash, control characters, U+2028 and U+2029.
STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\bfnrt]|\\u00[01][0-9a-f]|\\u202[89])*"'
SPELLING = re.compile(r"(?:%s|0|-?[1-9][0-9]*|[][{}:,])*" % STRING)

def nanoseconds(instant):
    """Since 1970."""
    whole, _, fraction = instant[:-1].partition(".")
    try:
        since = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S") - datetime(1970, 1, 1)
    except ValueError:
        raise Fault("%s is no instant" % instant)
    return since // timedelta(seconds=1) * 10**9 + int(fraction.ljust(9, "0"))

# ---- The files
FILES_1 = ["manifest.json", "manifest.sig", "events.jsonl", "proofs.jsonl", "snapshots.jsonl", "checkpoints/first", "checkpoints/last",
           "checkpoints/consistency.json", "keys.txt", "README.txt", "events.csv", "events.html"]
FILES_2 = FILES_1 + ["names.json", "index.html", "evidence.schema.json"]
MAY_2 = ["counts.jsonl", "checkpoints/since.json", "checkpoints/earlier.jsonl", "log-keys.jsonl"]
CONTENT_NAME = re.compile(r"snapshots/([0-9a-f]{32})\.json")
PAGE_NAME = re.compile(r"pages/([0-9a-f]{32})(?:-(?:[2-9]|[1-9][0-9]+))?\.html")

def read_zip(path):
    files, faults = {}, []
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name, mode = entry.orig_filename, entry.external_attr >> 16
            if name in files:
                faults.append("the name %r is repeated" % name)
            elif entry.is_dir() or (stat.S_IFMT(mode) and not stat.S_ISREG(mode)) or entry.flag_bits & 1:
                faults.append("%r is no regular file" % name)
            else:
                try:
                    files[name] = archive.read(entry)
                except Exception as error:
                    faults.append("%r cannot be read: %s" % (name, error))
    return files, faults

def read_folder(path):
    files, faults = {}, []
    def walk(folder, prefix):
        for name in sorted(os.listdir(folder)):
            full, inner = os.path.join(folder, name), prefix + name
            mode = os.lstat(full).st_mode
            if stat.S_ISDIR(mode) and inner in ("snapshots", "checkpoints", "pages"):
                walk(full, inner + "/")
            elif not stat.S_ISREG(mode):
                faults.append("%r is no regular file" % inner)
            else:
                with open(full, "rb") as file:
                    files[inner] = file.read()
    walk(path, "")
    return files, faults

# ---- The checks
class Event:
    def __init__(self, line, number):
        what = "events.jsonl, line %d" % number
        need_form(line, what, EVENT, EVENT_MAY)
        self.line, self.index = line, line["index"]
        self.env = env = parse(line["envelope"], what + ", its envelope")
        self.who = "entry %d (%s %s, its event %s)" % ((self.index,) + tuple(
            env.get(m) if type(env) is dict else None for m in ("object_kind", "object", "seq")))
        need_form(env, self.who, ENVELOPE, ENVELOPE_MAY if type(env) is dict and env.get("v") == 2 else {})
        order = [m for m in list(ENVELOPE) + list(ENVELOPE_MAY) if m in env]
        need(list(env) == order, self.who + ": its members are in another order")
        need(SPELLING.fullmatch(line["envelope"]), self.who + ": its envelope is spelled in another way")
        need(("detail" in line) == ("detail_salt" in line), self.who + ": of detail and detail_salt one is missing")
        self.commitment = sha(bytes.fromhex(line["salt"]), line["envelope"].encode())

    need = lambda self, condition, words: need(condition, "%s: %s" % (self.who, words))

class Verifier:
    def __init__(self, files, faults, given, witnesses=()):
        self.files, self.faults, self.given, self.witnesses, self.failed = files, faults, given, witnesses, False
    def check(self, title, step):
        """Run one check, print its line, and go on in any case."""
        try:
            print("holds: " + (step() or title))
            return True
        except Fault as fault:
            print("FAILS: %s: %s" % (title, fault))
            self.failed = True
            return False

    def file(self, name):
        need(name in self.files, name + " is missing")
        return self.files[name]

    def run(self):
        if not self.check("the manifest has its form", self.manifest_form):
            return 9
        self.check("the keys are of this log and have their form", self.key_form)
        self.check("the events of the signing keys are entries of the log", self.key_events)
        self.check("checkpoints/last is signed", self.last_checkpoint)
        for witness in self.witnesses:
            self.check("checkpoints/last is cosigned by the witness " + witness[0], lambda: self.cosigned(witness))
        self.check("the manifest is signed", self.manifest_signature)
        self.check("the files are those that the manifest names", self.file_digests)
        self.check("each JSON file can be read in one way only", self.other_json)
        self.check("both checkpoints are signed", self.checkpoints)
        self.check("the last log begins with each earlier one", self.earlier_checkpoints)
        self.check("the last log begins with the first", self.consistency)
        if "checkpoints/since.json" in self.files:
            self.check("the last log begins with that of the size that was asked for", self.since_size)
        if self.check("each event is in the one form, in the log's order", self.read_events):
            self.check("each event is an entry of the log", self.inclusion)
            self.check("each object's events follow one another", self.chains)
            self.check("each detail is what its event commits to", self.details)
            self.check("each event is of an object and a time that the manifest names", self.scope)
            self.check("the numbers are those of the manifest", self.numbers)
            if "counts.jsonl" in self.files:
                self.check("the objects are those that the log counted", self.counted)
            if self.check("each content has its line", self.read_snapshots):
                self.check("each content is what its event commits to", self.contents)
                self.check("what is erased has the event that says so", self.erased)
        print("not checked: pages (index.html, pages/, events.html, events.csv) beyond their digests, as this program does not make them")
        return 9 if self.failed else 0 if self.log_sure and self.manifest_sure and self.complete else 8

    def manifest_form(self):
        self.manifest = m = parse(self.file("manifest.json"), "manifest.json")
        need_form(m, "manifest.json", MANIFEST, MANIFEST_MAY)
        need(("pages" in m) == (m["version"] > 1), "version 1 has no pages, each later one has")
        self.objects = {}
        for entry in m["objects"] or []:
            need_form(entry, "an object", OBJECT, OBJECT_MAY if m["version"] > 2 else {})
            part = "part" in entry
            need(not part or (entry["kind"] == "setup" and not m["whole_log"]), "%s cannot be here in part" % entry["id"])
            need(entry["id"] not in self.objects, "the object %s is repeated" % entry["id"])
            self.objects[entry["id"]] = entry
        self.filter, self.clients = m["filter"], m["filter"].get("clients", [])
        need(len(self.clients) <= 100 and len(set(self.clients)) == len(self.clients), "a client of the filter is repeated")
        need("clients" not in self.filter or self.clients, "the filter names no client")
        # The clock of a server that made version 1 may be a minute behind.
        self.made = nanoseconds(m["made_at"]) + (60 * 10**9 if m["version"] == 1 else 0)
        self.since = nanoseconds(self.filter["from"]) if "from" in self.filter else None
        self.until = nanoseconds(self.filter["to"]) if "to" in self.filter else None
        latest = self.made if m["version"] > 1 else self.until
        need(self.until is None or (self.since or 0) <= self.until <= latest, "the filter's to is after made_at, or before its from")
        need(m["events"] <= 100000, "there are more than 100,000 events")
        need(not m["whole_log"] or m["events"] == m["log_size"], "whole_log is true, and the events are fewer than the log's entries")
        return "the manifest, of %d events of %d objects, made %s by %s for organization %s" % (
            m["events"], len(self.objects), m["made_at"], m["made_by"], m["acting_organization"])

    def key_form(self):
        names = self.log_name, self.evidence_name = self.manifest["origin"], "evidence/" + self.manifest["origin"]
        self.complete = "counts.jsonl" not in self.files
        self.enclosed, self.named, self.confirmed, self.log_sure, self.manifest_sure = [], [], 0, False, False
        self.own = {name: [key for key in self.given if key[0] == name] for name in names}  # of those that were given
        lines = self.file("keys.txt").decode("utf-8", "replace").split("\n")
        need(lines.pop() == "", "keys.txt does not end with a line feed")
        enclosed = [read_key(line) for line in lines]
        order = [names.index(key[0]) if key[0] in names else 2 for key in enclosed]
        need(order == sorted(order) and set(order) == {0, 1}, "keys.txt has not the keys of the log, then those of its evidence")
        self.enclosed = enclosed
        for key in self.given:
            need(key[0] in names, "the key that was given is of %s, and the bundle of %s" % (key[0], self.log_name))
        return "%d keys are given, %d are enclosed" % (len(self.given), len(enclosed))

    def key_events(self):
        """Which keys the log names: of each its use, its bytes, and the sizes of the log that it may sign."""
        lines, previous = [], ""
        if "log-keys.jsonl" in self.files:
            lines = parse_lines(self.files["log-keys.jsonl"], "log-keys.jsonl")
        for number, line in enumerate(lines, 1):
            what = "log-keys.jsonl, line %d" % number
            event, said = self.alone(line, what, ["log-keys"])
            env = event.env
            event.need((env["seq"], env["previous"]) == (number, previous), "it does not follow the event before it")
            previous = event.commitment.hex()
            need_form(said, what, KEY_DETAIL, {"signed_before": one_of(True)})
            use, public = said["use"], unbase64(said["public_key"], what)
            same = [key for key in self.named if key["use"] == use and key["public"] == public]
            if env["kind"] == "log.key-added":
                event.need(not same, "the key is there already")
                first = 0 if "signed_before" in said else event.index + 1
                self.named.append({"use": use, "public": public, "first": first, "last": self.manifest["log_size"]})
            else:
                event.need(env["kind"] == "log.key-retired" and same and "retired" not in same[0], "it ends no key that is there")
                same[0].update(retired=True, last=event.index)
        return "%d events say which keys sign" % len(lines)

    def alone(self, line, what, of):
        """An event of the log's own that stands with its proof, and its detail."""
        need_form(line, what, KEY_EVENT)
        event = Event({name: line[name] for name in line if name != "hashes"}, 0)
        event.need(event.env["object_kind"] == "log" and event.env["object"] in of, "it is not about " + " or ".join(of))
        self.included(event, line["hashes"])
        found = sha(bytes.fromhex(line["detail_salt"]), line["detail"].encode()).hex()
        event.need(found == event.env["detail"], "its detail is not what it commits to")
        return event, parse(line["detail"], what)

    def counted(self):
        """Each count against the objects that the bundle's events are about."""
        need(not any(name in self.filter for name in ("clients", "from", "to")), "a bundle of a part has no counts")
        own = "log-counts:" + self.filter.get("organization", self.manifest["acting_organization"])
        first = {}  # by organization and object: the index of the first event that belongs to it
        for event in self.events:
            if "part" in self.objects.get(event.env["object"], {}):
                continue  # its owner is outside, and is counted elsewhere
            first.setdefault(event.env["org"], {}).setdefault(event.env["object"], event.index)
        counts, said = [], "the log has no count of these organizations: nothing says that no object was left out"
        for line in parse_lines(self.file("counts.jsonl"), "counts.jsonl"):
            if "event" in line:
                need(list(line) == ["event"], "counts.jsonl: a line is of an event and of more")
                event, detail = self.alone(line["event"], "counts.jsonl", ["log-counts", own])
                need_form(detail, "counts.jsonl", COUNT_DETAIL)
                event.need(detail["size"] <= event.index, "it counts entries that come after it")
                counts.append((event, detail, []))
            else:
                need_form(line, "counts.jsonl", COUNTED, COUNTED_MAY)
                need(counts and counts[-1][0].index == line["count"], "counts.jsonl: a line is of no count")
                counts[-1][2].append(line)
        need(len(counts) <= 2, "counts.jsonl has more than two counts")
        for event, detail, lines in counts:
            size, names, leaves = detail["size"], [line["organization"] for line in lines], []
            event.need(names == sorted(set(names), key=str.encode), "its organizations are not in order")
            for org, objects in first.items():
                event.need(org in names or min(objects.values()) >= size, "the organization %s is not in it, and has objects here" % org)
            for line in lines:
                org = line["organization"]
                ids = sorted((id for id, index in first.get(org, {}).items() if index < size), key=str.encode)
                event.need(len(ids) >= line["objects"], "the organization %s had %d objects, here are %d" % (org, line["objects"], len(ids)))
                digest = sha(b"".join(id.encode() + b"\n" for id in ids)).hex()
                event.need((len(ids), digest) == (line["objects"], line["digest"]), "the organization %s had other objects" % org)
                leaves.append(sha(b"\x00", ("tenure count v1\n%s\n%d\n%s\n" % (org, len(ids), digest)).encode()))
            root, total = bytes.fromhex(detail["tree_root"]), detail["organizations"]
            if len(lines) == total:
                event.need(tree_root(leaves) == root, "its organizations are not those that are here")
            else:
                event.need(event.env["object"] != own, "it has %d organizations, here are %d" % (total, len(lines)))
                for line, leaf in zip(lines, leaves):
                    event.need("leaf" in line and line["leaf"] < total, "an organization has no place in it")
                    found = climb(line["leaf"], total - 1, leaf, leaf, [bytes.fromhex(h) for h in line["path"]], event.who + ": ")[1]
                    event.need(found == root, "the organization %s is not in it" % line["organization"])
            if event.env["object"] == own:
                self.complete, said = True, "%d organizations have the objects that the log counted at %d entries" % (len(lines), size)
        return said

    def may_sign(self, use, name, size):
        return [as_key(name, key["public"]) for key in self.named if key["use"] == use and key["first"] <= size <= key["last"]]

    def trusted(self, use, name, size):
        """The keys that were given, without those that the log says were retired before this size."""
        ended = [as_key(name, key["public"]) for key in self.named if key["use"] == use and key["last"] < size]
        return [key for key in self.own[name] if key not in ended]

    def last_checkpoint(self):
        """Who signed it. With keys that were given: how much of the log they confirm."""
        size, data = self.manifest["log_size"], self.file("checkpoints/last")
        if not self.own[self.log_name]:
            self.note(data, "checkpoints/last", self.enclosed)
            print("note: a key of the bundle itself is taken for the log; it proves nothing until it is compared with one from elsewhere")
            return "the checkpoint of %d entries is signed by a key that is enclosed" % size
        try:
            self.note(data, "checkpoints/last", self.trusted("log", self.log_name, size))
            self.log_sure, self.confirmed = True, size
            return "the checkpoint of %d entries is signed by a key that was given" % size
        except NotSigned as fault:
            before = fault
        others = [line["checkpoint"].encode() for line in self.earlier_lines()] + [self.file("checkpoints/first")]
        for other in others:
            entries = self.size_of(other)
            try:
                self.note(other, "an earlier checkpoint", self.trusted("log", self.log_name, entries))
                self.confirmed = max(self.confirmed, entries)
            except NotSigned:
                pass
        need(self.confirmed, str(before))
        self.note(data, "checkpoints/last", self.may_sign("log", self.log_name, size))
        print("note: the key that was given confirms %d of %d entries; those behind are signed by a key that the log names" % (self.confirmed, size))
        return "the log of %d entries is signed by a key that was given" % self.confirmed

    def cosigned(self, witness):
        seconds = verify_cosignature(self.file("checkpoints/last"), witness)
        return "checkpoints/last is cosigned by the witness %s, at %s" % (witness[0], datetime(1970, 1, 1) + timedelta(seconds=seconds))

    def size_of(self, data):
        match = re.match(b"[^\n]+\n(0|[1-9][0-9]*)\n", data)
        need(match, "an earlier checkpoint has no size")
        return int(match[1])

    def earlier_lines(self):
        lines = parse_lines(self.files.get("checkpoints/earlier.jsonl", b""), "checkpoints/earlier.jsonl")
        for line in lines:
            need_form(line, "checkpoints/earlier.jsonl", EARLIER)
        need(len(lines) <= 256, "checkpoints/earlier.jsonl has more than 256 lines")
        return lines

    def earlier_checkpoints(self):
        need(self.last, "without both checkpoints it cannot be verified")
        for line in self.earlier_lines():
            size, root = self.checkpoint(line["checkpoint"].encode(), "an earlier checkpoint")
            verify_consistency(size, self.last[0], root, self.last[1], [bytes.fromhex(h) for h in line["hashes"]])

    def note(self, data, what, keys):
        return verify_note(data, what, self.log_name, keys)

    def manifest_signature(self):
        name, size, data, how = self.evidence_name, self.manifest["log_size"], self.file("manifest.sig"), "a key that was given"
        try:
            signed = verify_note(data, "manifest.sig", name, self.trusted("evidence", name, size))
            self.manifest_sure = True
        except NotSigned as fault:
            try:
                need(self.confirmed, str(fault))
                signed = verify_note(data, "manifest.sig", name, self.may_sign("evidence", name, size))
                self.manifest_sure, how = self.log_sure, "a key that the log names"
            except Fault:
                if self.own[name]:
                    raise fault
                signed, how = verify_note(data, "manifest.sig", name, self.enclosed), "a key that is enclosed"
                print("note: a key of the bundle itself is taken for evidence; it proves nothing until it is compared with one from elsewhere")
        digest = base64.b64encode(sha(self.file("manifest.json"))).decode()
        need(signed == "tenure evidence v1\n%s\n%s\n" % (self.log_name, digest), "manifest.sig is of another manifest")
        return "the manifest is signed by %s, with %s" % (name, how)

    def file_digests(self):
        need(not self.faults, self.faults[0] if self.faults else "")
        version, known = self.manifest["version"], FILES_1 if self.manifest["version"] == 1 else FILES_2
        for name in known:
            self.file(name)
        for name in sorted(self.files):
            page = PAGE_NAME.fullmatch(name) if version > 1 else None
            more = version > 1 and name in MAY_2
            need(name in known or more or page or CONTENT_NAME.fullmatch(name), "%r is no name of a bundle's file" % name)
            need(not page or page[1] in self.objects, "%s is of an object that the manifest does not name" % name)
        listed = {}
        for entry in self.manifest["files"]:
            name = entry["name"]
            need(name not in listed and name not in ("manifest.json", "manifest.sig"), "the manifest names %r once too often" % name)
            listed[name] = entry
            data = self.file(name)
            need(len(data) == entry["size"] and sha(data).hex() == entry["sha256"], "%s is not the file that the manifest names" % name)
        for name in sorted(self.files):
            need(name in listed or name in ("manifest.json", "manifest.sig"), "the manifest does not name %s" % name)
        return "%d files are those that the manifest names, and there is no other" % len(listed)

    def other_json(self):
        for name in sorted(self.files):
            content = CONTENT_NAME.fullmatch(name)
            if name.endswith(".json") and (self.files[name] or not content):
                parse(self.files[name], name, own_members if content else members)
            elif name.endswith(".jsonl"):
                parse_lines(self.files[name], name)
        names = parse(self.file("names.json"), "names.json") if self.manifest["version"] > 1 else dict.fromkeys(NAMES, [])
        need_form(names, "names.json", NAMES)
        for group in names:
            need(len({entry["id"] for entry in names[group]}) == len(names[group]), "names.json: an id of %s is repeated" % group)
        for client in names["clients"]:
            for kind, key in ("client", client["id"]), ("setup", client.get("setup")):
                there = key is None or self.objects.get(key, {}).get("kind") == kind
                need(there, "names.json: the %s %s is not in the bundle" % (kind, key))

    def checkpoint(self, data, name, keys=None):
        lines = (verify_note(data, name, self.log_name, keys) if keys else note_text(data, name)).split("\n")
        need(len(lines) >= 4 and lines[0] == self.log_name, name + " is of another log")
        need(re.fullmatch("0|[1-9][0-9]*", lines[1]), name + ": its size is no number")
        root = unbase64(lines[2], name + ": its root")
        need(len(root) == 32, name + ": its root is not 32 bytes")
        need(all(lines[3:-1]), name + ": an extension line is empty")  # what they say is not looked at
        return int(lines[1]), root

    def checkpoints(self):
        self.first = self.last = None
        data = self.file("checkpoints/first")
        keys = self.enclosed
        if self.own[self.log_name]:
            size = self.size_of(data)
            keys = self.trusted("log", self.log_name, size) + self.may_sign("log", self.log_name, size)
        need(keys, "checkpoints/first is signed by no known key")
        first, last = self.checkpoint(data, "checkpoints/first", keys), self.checkpoint(self.file("checkpoints/last"), "checkpoints/last")
        need(last[0] == self.manifest["log_size"], "checkpoints/last is of %d entries, and not of log_size" % last[0])
        need(last[1].hex() == self.manifest["log_root"], "checkpoints/last has another root than log_root")
        self.first, self.last = first, last
        return "the checkpoints of %d and %d entries are of the log %s" % (first[0], last[0], self.log_name)

    def grown(self, name, form):
        need(self.last, "without both checkpoints it cannot be verified")
        proof = parse(self.file(name), name)
        need_form(proof, name, form)
        first = (proof["first_size"], bytes.fromhex(proof["first_root"])) if form is SINCE else self.first
        need((proof["first_size"], proof["last_size"]) == (first[0], self.last[0]), name + " is of other sizes")
        verify_consistency(first[0], self.last[0], first[1], self.last[1], [bytes.fromhex(h) for h in proof["hashes"]])
        return "the log of %d entries begins with that of %d%s" % (self.last[0], first[0], ", which was asked for" * (form is SINCE))

    consistency = lambda self: self.grown("checkpoints/consistency.json", CONSISTENCY)
    since_size = lambda self: self.grown("checkpoints/since.json", SINCE)

    def read_events(self):
        lines = parse_lines(self.file("events.jsonl"), "events.jsonl")
        need(len(lines) <= 100000, "there are more than 100,000 events")
        events = [Event(line, number) for number, line in enumerate(lines, 1)]
        for before, event in zip(events, events[1:]):
            event.need(event.index > before.index, "it is not behind the entry before it")
        self.events, self.by_object = events, {}
        for event in events:
            self.by_object.setdefault(event.env["object"], []).append(event)

    def inclusion(self):
        proofs = parse_lines(self.file("proofs.jsonl"), "proofs.jsonl")
        need(len(proofs) == len(self.events), "there are %d proofs of %d events" % (len(proofs), len(self.events)))
        for event, proof in zip(self.events, proofs):
            need_form(proof, "the proof of " + event.who, PROOF)
            event.need(proof["index"] == event.index, "its proof is of another entry")
            self.included(event, proof["hashes"])
        return "each of %d events is an entry of the log of %d" % (len(self.events), self.manifest["log_size"])

    def included(self, event, hashes):
        root, size = bytes.fromhex(self.manifest["log_root"]), self.manifest["log_size"]
        leaf = sha(b"\x00", b"v1\n", event.commitment.hex().encode(), b"\n")
        event.need(event.index < size, "its index is not below the size of the log")
        found = climb(event.index, size - 1, leaf, leaf, [bytes.fromhex(h) for h in hashes], event.who + ": ")[1]
        event.need(found == root, "it is not what the log has there")

    def chains(self):
        for events in self.by_object.values():
            for before, event in zip([None] + events, events):
                seq, previous = event.env["seq"], event.env["previous"]
                event.need((seq == 1) == (previous == ""), "only an object's first event names none before it")
                if before:
                    event.need(event.env["object_kind"] == before.env["object_kind"], "its object is of two kinds")
                    next_one = seq == before.env["seq"] + 1
                    part = "part" in self.objects.get(event.env["object"], {})  # then there may be gaps
                    event.need(next_one or (part and seq > before.env["seq"]), "it is not the next of its object")
                    event.need(not next_one or previous == before.commitment.hex(), "it names another event before it")

    def details(self):
        withheld = 0
        for event in self.events:
            line, committed, kind = event.line, event.env["detail"], event.env["object_kind"]
            gone = line.get("detail_gone")
            event.need(("detail" in line) + (gone is not None) == (committed != ""), "it should have one detail, or none")
            if "detail" in line:
                found = sha(bytes.fromhex(line["detail_salt"]), line["detail"].encode()).hex()
                event.need(found == committed, "its detail is not what it commits to")
                parse(line["detail"], event.who + ", its detail", own_members)
            event.need(gone != "withheld" or kind == "organization", "only details of organizations are withheld")
            event.need(gone != "erased" or kind == "client", "only details of clients are erased")
            withheld += gone == "withheld"
        need(withheld == self.manifest["withheld_details"], "%d details are withheld, and the manifest names others" % withheld)

    def scope(self):
        for event in self.events:
            env = event.env
            entry = self.objects.get(env["object"])
            event.need(entry, "the manifest does not name its object")
            event.need(entry["kind"] == env["object_kind"], "the manifest names its object as %s" % entry["kind"])
            if event is self.by_object[env["object"]][0]:
                event.need(entry["owner"] == env["org"], "the manifest names another owner")
            part = "part" in entry
            event.need(not part or env["content"], "only versions of its object are here, and it has no content")
            if "clients" in self.filter and not part:
                event.need(env["object_kind"] == "client" and env["object"] in self.clients, "it is of no client that was asked for")
            recorded = env["recorded_at"] * 1000
            event.need(recorded <= self.made, "it was recorded after the bundle was made")
            event.need(self.since is None or part or recorded >= self.since, "it was recorded before the filter's from")
            event.need(self.until is None or recorded < self.until, "it was recorded at the filter's to or later")

    def numbers(self):
        m = self.manifest
        need(len(self.events) == m["events"], "there are %d events, and the manifest names %d" % (len(self.events), m["events"]))
        timed = self.since is not None or self.until is not None
        for client in self.clients:
            left_out = m["version"] == 1 and timed and client not in self.objects  # version 1 names none without an event in the time
            need(left_out or self.objects.get(client, {}).get("kind") == "client",
                 "the client %s of the filter is not among the objects" % client)
        for key, entry in self.objects.items():
            what = "%s %s" % (entry["kind"], key)
            part = "part" in entry
            need("clients" not in self.filter or part or key in self.clients, what + " was not asked for")
            events = self.by_object.get(key, [])
            numbers = (events[0].env["seq"], events[-1].env["seq"], len(events)) if events else (0, 0, 0)
            need(numbers == (entry["first_seq"], entry["last_seq"], entry["count"]),
                 "%s has events %d to %d, %d of them, and the manifest names others" % ((what,) + numbers))
            need(entry["total_at_log_size"] >= entry["last_seq"], what + " has more events than its total")
            if part:
                need(events, what + " has no event here")
                need(entry["count"] <= entry["last_seq"] - entry["first_seq"] + 1, what + " has more events than numbers")
                continue
            if not events:
                need(key in self.clients, what + " has no event here")
                need(timed or entry["total_at_log_size"] == 0, what + " lacks its events")
                continue
            need(self.since is not None or entry["first_seq"] == 1, what + " lacks its first events")
            need(self.until is not None or entry["last_seq"] == entry["total_at_log_size"], what + " lacks its last events")
        # The root is the organization that the first entry of the log made; with no filter it has everything.
        root = self.events and self.events[0].index == 0 and self.events[0].env["object"] == m["acting_organization"]
        if m["whole_log"] or (root and not self.filter):
            need(m["whole_log"], "it is of the root with no filter, and not of the whole log")
            need([e.index for e in self.events] == list(range(m["log_size"])), "it lacks entries of the log")
        return "%d events of %d objects, as many as the manifest names" % (len(self.events), len(self.objects))

    def read_snapshots(self):
        first = {}
        for event in self.events:
            ref, content = event.env["ref"], event.env["content"]
            if content:
                event.need(ref, "it has a content and names no snapshot")
                before = first.setdefault(ref, event)
                event.need(before.env["content"] == content and before.env["object"] == event.env["object"],
                           "the snapshot %s has two contents" % ref)
        lines = {}
        for line in parse_lines(self.file("snapshots.jsonl"), "snapshots.jsonl"):
            need_form(line, "snapshots.jsonl", SNAPSHOT, SNAPSHOT_MAY)
            what = "snapshot " + line["id"]
            need(("salt" in line) != ("erased" in line), what + " has neither a salt nor is erased, or both")
            need(line["id"] not in lines, what + " is repeated")
            need(line["id"] in first, what + " is of no event")
            need(line["index"] == first[line["id"]].index, what + ": its index is not that of its first event")
            lines[line["id"]] = line
        for ref, event in first.items():
            event.need(ref in lines, "its snapshot %s is not in snapshots.jsonl" % ref)
        self.first_event, self.lines = first, lines
        return "each of %d contents has its line" % len(lines)

    def contents(self):
        erased = sum("erased" in line for line in self.lines.values())
        for name, match in [(name, CONTENT_NAME.fullmatch(name)) for name in self.files]:
            need(not match or "salt" in self.lines.get(match[1], {}), name + " is of no event, or said to be erased")
        for key, line in self.lines.items():
            if "erased" in line:
                continue
            name, event = "snapshots/%s.json" % key, self.first_event[key]
            data = self.file(name)
            event.need(sha(bytes.fromhex(line["salt"]), data).hex() == event.env["content"], name + " is not what it commits to")
            event.need(not event.env["kind"].endswith(".deleted") or not data, name + " is of a deletion, and not empty")
            if data:
                value = parse(data, name, own_members)
                need(type(value) is dict and one_of(1, 2)(value.get("v")), name + " has no known form")
        named = self.manifest["snapshots"], self.manifest["erased_snapshots"]
        need((len(self.lines), erased) == named, "there are %d, %d of them erased; the manifest names others" % (len(self.lines), erased))
        return "the content of %d snapshots is what their events commit to; that of %d is erased" % (len(self.lines) - erased, erased)

    def erased(self):
        gone = [self.first_event[key] for key, line in self.lines.items() if "erased" in line]
        gone += [event for event in self.events if event.line.get("detail_gone") == "erased"]
        for event in gone:
            events = self.by_object[event.env["object"]]
            said = any(e.env["kind"] == "client.erased" and e.index > event.index for e in events)
            entry = self.objects.get(event.env["object"])
            event.need(said or (entry and entry["total_at_log_size"] > events[-1].env["seq"]), "no event says that it was erased")
        return "each of %d contents and details that are erased has the event that says so" % len(gone)

def main():
    parser = argparse.ArgumentParser(description="Verify an evidence bundle of Tenure.", allow_abbrev=False)
    parser.add_argument("bundle", help="a zip, or the folder that it was unpacked to")
    parser.add_argument("--key", action="append", default=[], help="a verifier key that you have from elsewhere")
    parser.add_argument("--witness", action="append", default=[], help="the key of a witness that must have cosigned")
    given = parser.parse_args()
    path = given.bundle
    try:
        keys, witnesses = [read_key(key) for key in given.key], [read_witness(key) for key in given.witness]
        files, faults = read_folder(path) if os.path.isdir(path) else read_zip(path)
    except (Fault, OSError, zipfile.BadZipFile) as error:
        print("%s: %s" % (path, error), file=sys.stderr)
        return 2
    code = Verifier(files, faults, keys, witnesses).run()
    words = {0: "holds", 8: "holds, by keys that you have not confirmed", 9: "does not hold"}
    print(os.path.basename(os.path.normpath(path)), words[code])
    return code

if __name__ == "__main__":
    sys.exit(main())
