"""Waits for the servers of `tls-peers`, assesses them with each tool in turns, and compares what they found.

Run by that script, in a folder of its own: tls-measure.py ROUNDS N BARE_TLS"""
import collections
import datetime
import hashlib
import json
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

rounds, n, bare_tls = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
ports = [42000 + i for i in range(n)]
servers = [f"127.0.0.1:{port}" for port in ports]

for port in ports:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            if time.monotonic() > until:
                sys.exit(f"nobody listens on {port}: {open('nginx-errors').read()}")
            time.sleep(0.05)

def counters():
    """Connections taken and bytes through this namespace, both ways; a byte on loopback is sent once."""
    found = {}
    for name in ("/proc/net/snmp", "/proc/net/netstat"):
        lines = open(name).read().splitlines()
        for keys, values in zip(lines[::2], lines[1::2]):
            kind = keys.split(":")[0]
            found.update({f"{kind}.{key}": value for key, value in zip(keys.split()[1:], values.split()[1:])})
    return int(found["Tcp.PassiveOpens"]), int(found["IpExt.OutOctets"])

def launch(orders, reports):
    """Runs one command after another, and reports what each took."""
    for order in orders:
        command, output = json.loads(order)
        begun = time.monotonic()
        with open(output, "w") as file:
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
        report = {"wall s": time.monotonic() - begun, "CPU s": usage.ru_utime + usage.ru_stime, "MB": usage.ru_maxrss / 1024}
        print(json.dumps(report), file=reports, flush=True)

# A process of its own, before this one has read anything: the kernel counts the memory of whoever starts a program as
# the program's.
orders_out, orders_in = os.pipe()
reports_out, reports_in = os.pipe()
if os.fork() == 0:
    os.close(orders_in)
    launch(os.fdopen(orders_out), os.fdopen(reports_in, "w"))
    os._exit(0)
orders, reports = os.fdopen(orders_in, "w"), os.fdopen(reports_out)

def timed(command, output):
    before = counters()
    print(json.dumps([command, output]), file=orders, flush=True)
    report, after = json.loads(reports.readline()), counters()
    return report | {"connections": after[0] - before[0], "KB": (after[1] - before[1]) / 1024}

# Every reader gives {port: (set of (version, suite), set of SHA-256 of leaves or None, verdicts)}. A verdict is named by
# what it is about, a leaf or the server; one that a tool doesn't give isn't there, and isn't compared.
codes = {}

def said(*answers):
    """Verdicts as {(about, what): word}, without those that are None."""
    return {(about, what): str(word) for about, what, word in answers if word is not None}

def yes_no(word):
    return None if word is None else "yes" if word else "no"

def read_ours(output):
    found = {}
    for line in open(output):
        result = json.loads(line)
        facts, pairs = result["facts"], set()
        for version in facts["versions"]:
            for suite in version["suites"]["entries"]:
                codes[int(suite["code"], 16)] = suite["name"]
                pairs.add((version["version"], suite["name"]))
        leaves, verdicts = set(), {}
        told = {verdict["check"]: verdict for verdict in result["verdicts"]}
        # Checks of certificates are for all chains of a server; what is at fault is told by its connections.
        def fault(check, chain):
            verdict = told.get(check)
            at_fault = verdict and verdict["state"] == "fault" and (set(verdict["by"]) & set(chain["by"]) or not verdict["by"])
            return yes_no(bool(at_fault)) if verdict and verdict["state"] in ("fault", "sound") else None
        for chain in facts["chains"]:
            if not chain["certificates"]:
                continue
            leaf = chain["certificates"][0]
            about = leaf["sha256"].lower()
            leaves.add(about)
            hash_name = next((h for h in ("sha512", "sha384", "sha256", "sha1", "md5") if h in leaf["signature"].lower().replace("-", "")), leaf["signature"])
            trusted = {"yes": "no", "no": "yes"}.get(fault("tls.cert-untrusted", chain))
            # A certificate that signs itself is a verdict of its own, and leads to no root either.
            if fault("tls.cert-self-signed", chain) == "yes":
                trusted = "no"
            verdicts |= said(
                (about, "key", f"{leaf['key']['algorithm'].split(' ')[0]} {leaf['key']['bits']}"),
                (about, "signed with", hash_name),
                (about, "expires", leaf["not_after"]),
                (about, "certificates sent", len(chain["certificates"])),
                (about, "trusted", trusted),
                (about, "past", fault("tls.cert-expired", chain)),
                (about, "chain in order", {"yes": "no", "no": "yes"}.get(fault("tls.cert-chain-disordered", chain))),
                (about, "must staple", fault("tls.cert-staple-missing", chain) or "no"))
        features = {key: value.get("is") for key, value in facts["features"].items() if isinstance(value, dict)}
        def of(check):
            return {"fault": "yes", "sound": "no", "not-applicable": "no"}.get(told.get(check, {}).get("state"))
        verdicts |= said(
            *(("server", what, features.get(key) if features.get(key) in ("yes", "no") else None) for what, key in (
                ("compression", "compression"), ("fallback SCSV", "fallback_scsv"), ("early data", "early_data"),
                ("extended master secret", "extended_master_secret"), ("secure renegotiation", "secure_renegotiation"),
                ("staple", "ocsp_staple"), ("tickets before 1.3", "session_tickets"))),
            *(("server", what, of(check)) for what, check in (
                ("Heartbleed", "tls.heartbleed"), ("CCS injection", "tls.early-change"), ("ROBOT", "tls.padding-oracle"),
                ("Ticketbleed", "tls.ticketbleed"), ("client may renegotiate", "tls.client-renegotiation"),
                ("POODLE", "tls.poodle"), ("SWEET32", "tls.sweet32"), ("FREAK", "tls.freak"), ("LOGJAM", "tls.logjam"),
                ("DROWN", "tls.drown"), ("BEAST", "tls.beast"), ("LUCKY13", "tls.lucky13"), ("RC4", "tls.suite-rc4"))),
        )
        found[int(result["server"].split(":")[1])] = (pairs, leaves, verdicts)
    return found

def read_sslscan(output):
    found = {}
    for test in xml.parse(output).getroot().iter("ssltest"):
        pairs = set()
        for cipher in test.iter("cipher"):
            code = int(cipher.get("id"), 16)
            pairs.add((cipher.get("sslversion").replace("TLSv", "TLS "), codes.get(code, hex(code))))
        def attribute(path, key):
            element = test.find(path)
            return None if element is None else yes_no(element.get(key) == "1")
        heartbleed = [e.get("vulnerable") == "1" for e in test.iter("heartbleed")]
        verdicts = said(
            # It looks whether a renegotiation is secure by doing one.
            ("server", "secure renegotiation", attribute("renegotiation", "secure") if attribute("renegotiation", "supported") == "yes" else None),
            ("server", "Heartbleed", yes_no(any(heartbleed)) if heartbleed else None))
        found[int(test.get("port"))] = (pairs, None, verdicts)
    return found

def read_sslyze(output):
    names = {"ssl_2_0": "SSL 2.0", "ssl_3_0": "SSL 3.0", "tls_1_0": "TLS 1.0", "tls_1_1": "TLS 1.1", "tls_1_2": "TLS 1.2", "tls_1_3": "TLS 1.3"}
    found = {}
    for result in json.load(open("sslyze.json"))["server_scan_results"]:
        scan, pairs, leaves = result["scan_result"] or {}, set(), set()
        for key, name in names.items():
            inner = scan.get(f"{key}_cipher_suites", {}).get("result") or {}
            pairs |= {(name, suite["cipher_suite"]["name"]) for suite in inner.get("accepted_cipher_suites", [])}
        def of(command, key):
            return (scan.get(command, {}).get("result") or {}).get(key)
        robot = of("robot", "robot_result")
        verdicts = said(
            ("server", "compression", yes_no(of("tls_compression", "supports_compression"))),
            ("server", "fallback SCSV", yes_no(of("tls_fallback_scsv", "supports_fallback_scsv"))),
            ("server", "early data", yes_no(of("tls_1_3_early_data", "supports_early_data"))),
            ("server", "extended master secret", yes_no(of("tls_extended_master_secret", "supports_ems_extension"))),
            ("server", "secure renegotiation", yes_no(of("session_renegotiation", "supports_secure_renegotiation"))),
            ("server", "client may renegotiate", yes_no(of("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos"))),
            ("server", "Heartbleed", yes_no(of("heartbleed", "is_vulnerable_to_heartbleed"))),
            ("server", "CCS injection", yes_no(of("openssl_ccs_injection", "is_vulnerable_to_ccs_injection"))),
            ("server", "ROBOT", robot and yes_no(robot.startswith("VULNERABLE"))))
        for deployment in (scan.get("certificate_info", {}).get("result") or {}).get("certificate_deployments", []):
            leaf = deployment["received_certificate_chain"][0]
            about = hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf["as_pem"])).hexdigest()
            leaves.add(about)
            kind = leaf["public_key"]["algorithm"].removesuffix("PublicKey").replace("_", "")
            expired = datetime.datetime.fromisoformat(leaf["not_valid_after"]) < datetime.datetime.now(datetime.timezone.utc)
            staple = deployment["ocsp_response"]
            if staple is not None:
                verdicts |= said(("server", "staple", "yes"))
            verdicts |= said(
                (about, "key", f"{kind} {leaf['public_key']['key_size']}"),
                (about, "signed with", (leaf["signature_hash_algorithm"] or {}).get("name")),
                (about, "expires", leaf["not_valid_after"]),
                (about, "certificates sent", len(deployment["received_certificate_chain"])),
                (about, "trusted", yes_no(any(path["was_validation_successful"] for path in deployment["path_validation_results"]))),
                (about, "past", yes_no(expired)),
                (about, "chain in order", yes_no(deployment["received_chain_has_valid_order"])),
                (about, "must staple", yes_no(deployment["leaf_certificate_has_must_staple_extension"])))
            verdicts.setdefault(("server", "staple"), "no")
        found[result["server_location"]["port"]] = (pairs, leaves, verdicts)
    return found

def read_testssl(output):
    """One server; it counts certificates, and names its findings."""
    entries = {entry["id"]: entry for entry in json.load(open(output))}
    def finding(name, number=None):
        entry = entries.get(f"{name} <cert#{number}>") or (entries.get(name) if number in (None, 1) else None)
        return entry and entry["finding"]
    def vulnerable(name):
        entry = entries.get(name)
        return None if entry is None or entry["severity"] == "WARN" else yes_no(entry["severity"] not in ("OK", "INFO"))
    leaves, numbers = set(), 1
    verdicts = said(
        *(("server", what, vulnerable(name)) for what, name in (
            ("Heartbleed", "heartbleed"), ("CCS injection", "CCS"), ("Ticketbleed", "ticketbleed"), ("ROBOT", "ROBOT"),
            ("client may renegotiate", "secure_client_renego"), ("compression", "CRIME_TLS"), ("SWEET32", "SWEET32"),
            ("POODLE", "POODLE_SSL"), ("FREAK", "FREAK"), ("LOGJAM", "LOGJAM"), ("DROWN", "DROWN"), ("BEAST", "BEAST"),
            ("LUCKY13", "LUCKY13"), ("RC4", "RC4"))))
    if "secure_renego" in entries:
        verdicts |= said(("server", "secure renegotiation", {"yes": "no", "no": "yes"}.get(vulnerable("secure_renego"))))
    if finding("fallback_SCSV"):
        verdicts |= said(("server", "fallback SCSV", None if "no fallback" in finding("fallback_SCSV").lower() else yes_no(entries["fallback_SCSV"]["severity"] == "OK")))
    while finding("cert_fingerprintSHA256", numbers):
        about = finding("cert_fingerprintSHA256", numbers).lower()
        leaves.add(about)
        words = (finding("cert_keySize", numbers) or "").split()
        signature = (finding("cert_signatureAlgorithm", numbers) or "").lower()
        chain = finding("cert_chain_of_trust", numbers) or ""
        verdicts |= said(
            (about, "key", f"{words[0]} {words[1]}" if len(words) > 1 else None),
            (about, "signed with", next((h for h in ("sha512", "sha384", "sha256", "sha1", "md5") if h in signature), signature)),
            (about, "trusted", yes_no("passed" in chain.lower())),
            (about, "past", yes_no("expired" in (finding("cert_expirationStatus", numbers) or "").lower())),
            (about, "certificates sent", finding("certs_countServer", numbers)),
            (about, "chain in order", {"no": "yes", "yes": "no"}.get((finding("certs_list_ordering_problem", numbers) or "").split(" ")[0])))
        verdicts |= said(("server", "staple", yes_no("not offered" not in (finding("OCSP_stapling", numbers) or "not offered"))))
        numbers += 1
    return (set(), leaves, verdicts)

def read_nmap(output):
    found = {}
    for port in xml.parse(output).getroot().iter("port"):
        pairs, leaves = set(), set()
        for script in port.iter("script"):
            if script.get("id") == "ssl-enum-ciphers":
                for version in script.findall("table"):
                    for table in version.findall("table[@key='ciphers']/table"):
                        name = table.find("elem[@key='name']").text
                        name = name.replace("TLS_AKE_WITH_", "TLS_")
                        pairs.add((version.get("key").replace("TLSv", "TLS "), name))
            for elem in script.iter("elem"):
                if elem.get("key") == "pem":
                    leaves.add(hashlib.sha256(ssl.PEM_cert_to_DER_cert(elem.text.strip())).hexdigest())
        found[int(port.get("portid"))] = (pairs, leaves, {})
    return found

with open("targets", "w") as file:
    file.writelines(f"{server}\n" for server in servers)
sslyze = shutil.which(os.environ.get("SSLYZE", "sslyze"))
# Everything that it asks by itself, without its comparison to Mozilla's profile.
sslyze_asks = ["--mozilla_config=disable", *(f"--{ask}" for ask in (
    "certinfo sslv2 sslv3 tlsv1 tlsv1_1 tlsv1_2 tlsv1_3 reneg resum compression fallback ems elliptic_curves heartbleed "
    "openssl_ccs robot early_data http_headers").split())]
tools = {
    "ours": ([bare_tls, "16", *servers], read_ours),
    "sslscan": (["sslscan", "--xml=-", "--targets=targets"], read_sslscan),
    "sslyze": ([sslyze or "sslyze", *sslyze_asks, "--json_out=sslyze.json", *servers], read_sslyze),
    "nmap": (["nmap", "-Pn", "-n", "--script", "+ssl-enum-ciphers,+ssl-cert", "-oX", "-", "-p", ",".join(map(str, ports)), "127.0.0.1"], read_nmap),
}
for tool in [tool for tool, (command, _) in tools.items() if not shutil.which(command[0])]:
    print(f"{tool}: not here, left out")
    del tools[tool]
costs, found = collections.defaultdict(list), {}
# The slow ones tell as much in fewer.
most_rounds = {"sslyze": 2, "sslscan": 3}
for round in range(rounds):
    for tool, (command, read) in tools.items():
        if round >= most_rounds.get(tool, rounds):
            continue
        cost = timed(command, f"{tool}.out")
        try:
            found[tool] = read(f"{tool}.out")
            costs[tool].append(cost)
        except (ValueError, xml.ParseError) as error:
            print(f"{tool}: ended without a whole answer, which isn't counted: {error}")

print(f"{n} servers, medians; connections and KB for each server")
print(f"{'':10}{'rounds':>7}{'wall s':>9}{'CPU s':>9}{'MB':>7}{'connections':>13}{'KB':>9}")
for tool, rows in costs.items():
    middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    print(f"{tool:10}{len(rows):7}{middle['wall s']:9.2f}{middle['CPU s']:9.2f}{middle['MB']:7.0f}"
          f"{middle['connections'] / n:13.1f}{middle['KB'] / n:9.1f}")

# Why a difference is none of ours. What isn't here wants a look.
reasons = {
    ("any", "TLS_DH_anon_WITH_CAMELLIA"): "it has no list with these suites",
    ("sslyze", "on: compression"): "TLS 1.3 alone: nothing to compress, so that ours isn't asked",
    ("sslyze", "on: secure renegotiation"): "TLS 1.3 alone, which has no renegotiation",
    ("sslyze", "on: extended master secret"): "TLS 1.3 alone, which always has it",
    ("sslyze", "on: fallback SCSV"): "one version alone: nothing to fall back to",
    ("sslyze", "on: early data"): "TLS 1.3 isn't spoken",
    ("sslyze", "a leaf certificate"): "it asks TLS 1.3 for one certificate",
    ("nmap", "a leaf certificate"): "it asks for one certificate",
}

ours = found["ours"]
print(f"\nours: {sum(len(found[0]) for found in ours.values())} suites of versions, "
      f"{sum(len(found[1]) for found in ours.values())} leaves, {sum(len(found[2]) for found in ours.values())} verdicts that others may give")

def reason(tool, what):
    return next((why for (by, words), why in reasons.items() if by in (tool, "any") and words in what), None)

def listed(title, tool, table):
    for what, where in sorted(table.items()):
        places = f"{', '.join(map(str, where[:4]))}{' …' if len(where) > 4 else ''}"
        print(f"  {title}: {what}: {len(where)} ({places})")
        why = reason(tool, what)
        if why:
            print(f"      {why}")

def compare(tool, theirs_of):
    more, less, other, same = (collections.defaultdict(list) for _ in range(4))
    for port, theirs in theirs_of.items():
        mine = ours.get(port, (set(), set(), {}))
        if theirs[0]:
            for pair in mine[0] - theirs[0]:
                more[" ".join(pair)].append(port)
            for pair in theirs[0] - mine[0]:
                less[" ".join(pair)].append(port)
        if theirs[1] is not None:
            for _ in mine[1] - theirs[1]:
                more["a leaf certificate"].append(port)
            for _ in theirs[1] - mine[1]:
                less["a leaf certificate"].append(port)
        for key, word in theirs[2].items():
            about, what = key
            if about != "server" and about not in mine[1]:
                continue
            our_word = mine[2].get(key)
            if our_word is None:
                less[f"a verdict on: {what} ({word})"].append(port)
            elif our_word != word:
                other[f"{what}: ours {our_word}, theirs {word}"].append(port)
            else:
                same[what].append(port)
    count = [sum(map(len, table.values())) for table in (more, less, other, same)]
    print(f"\n{tool}: lacks {count[0]} entries of ours, has {count[1]} that we lack; verdicts: {count[3]} agree, {count[2]} differ")
    if same:
        print("  agree: " + ", ".join(f"{what} {len(where)}" for what, where in sorted(same.items())))
    listed("only ours", tool, more)
    listed(f"only {tool}", tool, less)
    listed("differs", tool, other)

for tool in list(found)[1:]:
    compare(tool, {port: found[tool].get(port, (set(), set(), {})) for port in ports})

n_testssl = int(os.environ.get("TESTSSL", "0"))
if n_testssl and shutil.which("testssl"):
    # Spread over the list, whose neighbours are of other kinds; one round, without its slow way of listing suites.
    chosen = [ports[i * n // n_testssl] for i in range(n_testssl)]
    results, rows = {}, []
    for port in chosen:
        output = f"testssl-{port}.json"
        command = ["timeout", "180", "testssl", "--quiet", "--color", "0", "--warnings", "batch", "--fast", "--jsonfile", output, f"127.0.0.1:{port}"]
        row = timed(command, "testssl.out")
        try:
            results[port] = read_testssl(output)
            rows.append(row)
        except (OSError, ValueError) as error:
            print(f"testssl.sh: no whole answer on {port} within three minutes, which isn't counted: {error}")
    if rows:
        print(f"\ntestssl.sh --fast, one round, {len(rows)} servers one after another, each: "
              + ", ".join(f"{key} {statistics.mean(row[key] for row in rows):.1f}" for key in rows[0]))
        compare("testssl.sh", results)
