"""Waits for the services of `identify-peers`, scans them in turns, and prints what each scanner made of them.

Run by that script, in a folder with its list of services: identify-measure.py ROUNDS SENTRYPOST"""
import csv
import datetime
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

rounds, binary = int(sys.argv[1]), sys.argv[2]
services = [line.split() for line in open("services")]
where = {(addr, int(port)): name for name, _, _, addr, port in services}

def waits_until_up():
    until = time.monotonic() + 40
    for name, _, _, addr, port in services:
        while True:
            try:
                socket.create_connection((addr, int(port)), 1).close()
                break
            except OSError:
                if time.monotonic() > until:
                    log = open(f"log/{name}").read()[-1500:] if os.path.exists(f"log/{name}") else "it has no log of its own"
                    sys.exit(f"{name} did not come up: {log}")
                time.sleep(0.1)

def credit_code():
    symbols = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    first = "11440100MADE00001"
    return first + symbols[-sum(symbols.index(c) * 3**i for i, c in enumerate(first)) % 31]

def register():
    until = datetime.date.today() + datetime.timedelta(days=30)
    tables = {
        "units.csv": [["单位名称", "统一社会信用代码"], ["示例市虚构测试局", credit_code()]],
        "assets.csv": [["单位信用代码", "资产", "授权批准人", "授权止"], [credit_code(), "127.9.0.0/24", "虚构批准人", until]],
    }
    for name, rows in tables.items():
        with open(name, "w", newline="") as file:
            csv.writer(file).writerows(rows)
        ours("registry", "import", name)

def ours(*args):
    done = subprocess.run([binary, "--data", "data", *args], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"sentrypost {' '.join(args)}: {done.returncode}\n{done.stderr}")
    return done.stdout

def endpoints(chosen):
    return sorted({s[3] for s in chosen}), ",".join(s[4] for s in chosen)

def timed(scan, chosen):
    addrs, ports = endpoints(chosen)
    begun = time.monotonic()
    found = scan(addrs, ports)
    return time.monotonic() - begun, found

def by_ours(addrs, ports):
    return ours("scan", *addrs, "--ports", ports, "--json")

def what_ours_named(output):
    run = json.loads(output)["data"]["run"]
    shown = json.loads(ours("runs", "show", run, "--json"))["data"]
    named = {}
    for seen in shown["observations"]:
        facts = seen["service"]
        protocol, tls = facts["protocol"], facts["tls"] and not facts["tls"]["after_start_tls"]
        secure = {"http": "https", "imap": "imaps", "pop3": "pop3s", "smtp": "smtps", "ldap": "ldaps", None: "tls"}
        name = (secure.get(protocol, f"{protocol}/tls") if tls else protocol) or facts["certainty"]
        named[where[seen["addr"], seen["port"]]] = (name, facts["product"] or "", facts["version"] or "")
    return named

def by_nmap(*options):
    def scan(addrs, ports):
        command = ["nmap", "-sV", *options, "-Pn", "-n", "-oX", "-", "-p", ports, *addrs]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return scan

NMAP_NAMES = {
    "netbios-ssn": "smb", "microsoft-ds": "smb", "domain": "dns", "ms-wbt-server": "rdp", "ipp": "http", "ssl/http": "https",
    "http-proxy": "http", "ssl/imap": "imaps", "ssl/pop3": "pop3s", "ssl/unknown": "tls", "ssl/ssl": "tls", "ssl": "tls",
}

def what_nmap_named(output):
    named = {}
    for host in xml.fromstring(output).iter("host"):
        addr = host.find("address").get("addr")
        for port in host.iter("port"):
            seen, key = port.find("service"), (addr, int(port.get("portid")))
            if key not in where or port.find("state").get("state") != "open":
                continue
            name = seen.get("name") if seen is not None and seen.get("method") == "probed" else "unknown"
            name = (f"ssl/{name}" if seen is not None and seen.get("tunnel") == "ssl" else name).replace("ssl/https", "ssl/unknown")
            product, version = (seen.get("product") or "", seen.get("version") or "") if seen is not None else ("", "")
            named[where[key]] = (NMAP_NAMES.get(name, name), product, version)
    return named

def protocol_score(service, named):
    """Right, none or wrong; an echo counts if it is named, and silence if nothing is."""
    name, wanted = named[0], service[1] if service[1] != "-" else service[0]
    if name == wanted:
        return 1
    return 0 if wanted == "silent" or name in ("unknown", "tcpwrapped", "silent", "closed_at_once") else -1

def detail_score(service, named):
    """Product and version, where the protocol is right."""
    if protocol_score(service, named) < 1 or service[1] == "-":
        return (False, False)
    product = service[2]
    knows = named[1] != "" if product == "-" else product.lower() in named[1].lower()
    return (knows, knows and named[2] != "")

def verdict(score, service, one, other, words):
    a, b = score(service, one), score(service, other)
    return words[0] if a == b else words[1] if a > b else words[2]

waits_until_up()
register()
talking = [s for s in services if s[1] != "-"]
nmap_all_took, nmap_all = timed(by_nmap(), services)
took = {"ours29": [], "ours31": [], "nmap29": []}
mine, nmaps = [], []
timed(by_ours, talking)
for _ in range(rounds):
    seconds, output = timed(by_ours, talking)
    took["ours29"].append(seconds)
    mine.append(what_ours_named(output))
    seconds, output = timed(by_nmap("-T4"), talking)
    took["nmap29"].append(seconds)
    nmaps.append(what_nmap_named(output))
    seconds, output = timed(by_ours, services)
    took["ours31"].append(seconds)
    mine.append(what_ours_named(output))
alone = {s[0]: timed(by_ours, [s])[0] for s in services}

nothing = ("unknown", "", "")
patient = what_nmap_named(nmap_all)
print(f"{'service':<16}{'ours':<40}{'nmap':<48}{'protocol':<9}{'detail':<8}{'alone s':>8}  unlike in other rounds")
tally = {}
for service in services:
    name = service[0]
    us = mine[-1].get(name, nothing)
    them = patient.get(name, nothing)
    said = verdict(protocol_score, service, us, them, ("same", "better", "WORSE"))
    detail = verdict(detail_score, service, us, them, ("", "more", "LESS"))
    tally[said] = tally.get(said, 0) + 1
    unlike = {seen[name][0] for seen in mine if name in seen and seen[name] != us} - {us[0]}
    unlike |= {f"nmap -T4: {seen[name][0]}" for seen in nmaps[-1:] if name in seen and seen[name][0] != them[0]}
    print(f"{name:<16}{' '.join(us)[:38]:<40}{' '.join(them)[:46]:<48}{said:<9}{detail:<8}{alone[name]:>8.2f}  {' '.join(sorted(unlike))}")
print("beside nmap:", ", ".join(f"{count} {said}" for said, count in sorted(tally.items())))
median = {what: statistics.median(seconds) for what, seconds in took.items()}
print(f"the {len(talking)}: ours {median['ours29']:.2f} s (worst {max(took['ours29']):.2f}), nmap -sV -T4 {median['nmap29']:.2f} s, "
      f"nmap/ours {median['nmap29'] / median['ours29']:.1f}")
print(f"all {len(services)}: ours {median['ours31']:.2f} s (worst {max(took['ours31']):.2f}), nmap -sV {nmap_all_took:.2f} s, "
      f"nmap/ours {nmap_all_took / median['ours31']:.1f}   (medians of {rounds}; nmap -sV once)")
