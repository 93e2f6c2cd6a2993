"""Waits for the servers of `tls-peers`, assesses them with each tool in turns, and compares what they found.

Run by that script, in a folder of its own: tls-measure.py ROUNDS N BARE_TLS"""
import collections
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

def timed(command, output):
    before, begun = counters(), time.monotonic()
    with open(output, "w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    wall, after = time.monotonic() - begun, counters()
    return {"wall s": wall, "CPU s": usage.ru_utime + usage.ru_stime, "MB": usage.ru_maxrss / 1024,
            "connections": after[0] - before[0], "KB": (after[1] - before[1]) / 1024}

# Every reader gives {port: (set of (version, suite), set of SHA-256 of leaves)}.
codes = {}

def read_ours(output):
    found = {}
    for line in open(output):
        result = json.loads(line)
        facts, pairs = result["facts"], set()
        for version in facts["versions"]:
            for suite in version["suites"]["entries"]:
                codes[int(suite["code"], 16)] = suite["name"]
                pairs.add((version["version"], suite["name"]))
        leaves = {c["certificates"][0]["sha256"].lower() for c in facts["chains"] if c["certificates"]}
        found[int(result["server"].split(":")[1])] = (pairs, leaves)
    return found

def read_sslscan(output):
    found = {}
    for test in xml.parse(output).getroot().iter("ssltest"):
        pairs = set()
        for cipher in test.iter("cipher"):
            code = int(cipher.get("id"), 16)
            pairs.add((cipher.get("sslversion").replace("TLSv", "TLS "), codes.get(code, hex(code))))
        found[int(test.get("port"))] = (pairs, None)
    return found

def read_sslyze(output):
    names = {"ssl_2_0": "SSL 2.0", "ssl_3_0": "SSL 3.0", "tls_1_0": "TLS 1.0", "tls_1_1": "TLS 1.1", "tls_1_2": "TLS 1.2", "tls_1_3": "TLS 1.3"}
    found = {}
    for result in json.load(open("sslyze.json"))["server_scan_results"]:
        scan, pairs, leaves = result["scan_result"] or {}, set(), set()
        for key, name in names.items():
            inner = scan.get(f"{key}_cipher_suites", {}).get("result") or {}
            pairs |= {(name, suite["cipher_suite"]["name"]) for suite in inner.get("accepted_cipher_suites", [])}
        for deployment in (scan.get("certificate_info", {}).get("result") or {}).get("certificate_deployments", []):
            pem = deployment["received_certificate_chain"][0]["as_pem"]
            leaves.add(hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest())
        found[result["server_location"]["port"]] = (pairs, leaves)
    return found

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
        found[int(port.get("portid"))] = (pairs, leaves)
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
for _ in range(rounds):
    for tool, (command, read) in tools.items():
        cost = timed(command, f"{tool}.out")
        try:
            found[tool] = read(f"{tool}.out")
            costs[tool].append(cost)
        except (ValueError, xml.ParseError) as error:
            print(f"{tool}: ended without a whole answer, which isn't counted: {error}")

print(f"{n} servers, median of {rounds}; connections and KB for each server")
print(f"{'':10}{'wall s':>9}{'CPU s':>9}{'MB':>7}{'connections':>13}{'KB':>9}")
for tool, rows in costs.items():
    middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    print(f"{tool:10}{middle['wall s']:9.2f}{middle['CPU s']:9.2f}{middle['MB']:7.0f}"
          f"{middle['connections'] / n:13.1f}{middle['KB'] / n:9.1f}")

ours = found["ours"]
print(f"\nours: {sum(len(pairs) for pairs, _ in ours.values())} suites of versions, {sum(len(leaves or ()) for _, leaves in ours.values())} leaves")
for tool in list(found)[1:]:
    more, less = collections.defaultdict(list), collections.defaultdict(list)
    for port in ports:
        (a, mine), (b, theirs) = ours.get(port, (set(), set())), found[tool].get(port, (set(), set()))
        for pair in a - b:
            more[pair].append(port)
        for pair in b - a:
            less[pair].append(port)
        if theirs is not None:
            for leaf in mine - theirs:
                more["leaf certificates"].append(port)
            for leaf in theirs - mine:
                less["leaf certificates"].append(port)
    count = sum(map(len, more.values())), sum(map(len, less.values()))
    print(f"\n{tool}: lacks {count[0]} entries of ours, has {count[1]} that we lack")
    for title, table in (("only ours", more), (f"only {tool}", less)):
        for what, where in sorted(table.items(), key=str):
            what = what if isinstance(what, str) else " ".join(what)
            print(f"  {title}: {what}: {len(where)} servers ({', '.join(map(str, where[:4]))}{' …' if len(where) > 4 else ''})")

if os.environ.get("TESTSSL") and shutil.which("testssl"):
    cost = timed(["testssl", "--quiet", "--color", "0", "--warnings", "batch", servers[0]], "testssl.out")
    print(f"\ntestssl.sh, {servers[0]} alone: " + ", ".join(f"{key} {value:.1f}" for key, value in cost.items()))
    cost = timed([bare_tls, servers[0]], "one.out")
    print(f"ours, {servers[0]} alone: " + ", ".join(f"{key} {value:.2f}" for key, value in cost.items()))
