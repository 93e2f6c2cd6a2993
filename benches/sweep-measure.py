"""What benches/sweep-peers runs inside its namespaces: the truth of a case, its listeners, and the measuring."""

import contextlib
import json
import os
import random
import re
import resource
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

# A program that has not ended by then is ended, in seconds.
PATIENCE = 90
NET = 0x0A3D0000  # 10.61.0.0


def address(n):
    return socket.inet_ntoa((NET + n).to_bytes(4, "big"))


def top_ports():
    # A scan of nothing says which ports it would have asked.
    said = subprocess.run(["nmap", "-sT", "-n", "--top-ports", "1000", "-oG", "-", "-v"], capture_output=True, text=True)
    return re.search(r"TCP\(1000;([\d,-]+)\)", said.stdout)[1]


def single_ports(text):
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def truth(case):
    """The open endpoints of a case, what to scan, and the rules of the far side."""
    chance = random.Random(7)
    case = case.removeprefix("D-")
    if case == "A":
        opened = [(address(1), port) for port in chance.sample(range(1, 65536), 30)]
        return {"open": opened, "targets": address(1), "ports": "1-65535", "n": 65535}, ""
    if case in ("B", "B-dark"):
        order = chance.sample(range(65536), 65536)
        opened = [address(n) for n in order[:3277]]
        refusing = [address(n) for n in order[3277:6554]]
        rules = "ip daddr @live tcp dport 80 accept; "
        sets = f"set live {{ type ipv4_addr; elements = {{ {','.join(opened)} }} }}\n"
        if case == "B":
            rules += "tcp dport 80 reject with tcp reset"
        else:
            sets += f"set refusing {{ type ipv4_addr; elements = {{ {','.join(refusing)} }} }}\n"
            rules += "ip daddr @refusing reject with tcp reset; ip daddr 10.61.0.0/16 drop"
        told = {"open": [(addr, 80) for addr in opened], "targets": "10.61.0.0/16", "ports": "80", "n": 65536}
        return told, f"{sets}chain in {{ type filter hook input priority 0; {rules}; }}"
    ports = top_ports()
    live = [address(n) for n in chance.sample(range(1, 1023), 20)]
    choice = list(single_ports(ports))
    opened = [(addr, port) for addr in live for port in chance.sample(choice, 8)]
    elements = ",".join(f"{addr} . {port}" for addr, port in opened)
    rules = (
        f"set listed {{ type ipv4_addr . inet_service; elements = {{ {elements} }} }}\n"
        f"set live {{ type ipv4_addr; elements = {{ {','.join(live)} }} }}\n"
        "chain in { type filter hook input priority 0; ip daddr . tcp dport @listed accept; "
        "ip daddr @live icmp type { echo-request, timestamp-request } accept; ip daddr 10.61.0.0/16 drop; }"
    )
    return {"open": opened, "targets": "10.61.0.0/22", "ports": ports, "n": 1024 * 1000}, rules


def listen(told, ready):
    """Listeners on every address, that close what they accept. The rules decide where they are seen."""
    selector = selectors.DefaultSelector()
    for port in sorted({port for _, port in told["open"]}):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", port))
        listener.listen(65535)
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ)
    open(ready, "w").close()
    # masscan sits on a silent link until the next frame comes, whoever it is for.
    noise = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        with contextlib.suppress(OSError):
            noise.sendto(b"", ("10.250.0.1", 9))
        for key, _ in selector.select(0.05):
            try:
                while True:
                    key.fileobj.accept()[0].close()
            except OSError:
                pass


OURS, NMAP, MASSCAN, ZMAP, RUSTSCAN = "sentrypost", "nmap", "masscan", "zmap", "rustscan"
QUICK = "-n --min-rate 50000 --max-retries 1"
# 4096 hosts at a time, and no more patience than the made delay takes.
GROUPS = f"{QUICK} -Pn --min-hostgroup 4096 --max-hostgroup 4096"
TUNED = f"{GROUPS} --initial-rtt-timeout 100ms --max-rtt-timeout 100ms"
M = "--interface near --adapter-ip 10.250.0.1 --router-mac 02-00-00-00-00-02"
Z = "-p 80 -b /dev/null -i near -S 10.250.0.1 -G 02:00:00:00:00:02 -q"
R = "-g --no-banner --ulimit 20000 -b 15000"

# Case: name of the row, program, its words. The first is what the others are compared with. Rows named with a star
# take long and are run once.
PEERS = {
    "A": [
        ("ours", OURS, "syn {rate}"),
        ("nmap -sS", NMAP, f"-sS {QUICK} -Pn"),
        ("masscan", MASSCAN, f"{M} --rate 200000 --wait 0"),
        ("rustscan", RUSTSCAN, f"{R} -t 1000"),
    ],
    "B": [
        ("ours", OURS, "syn {rate}"),
        ("nmap -sT", NMAP, f"-sT {GROUPS}"),
        ("nmap -sS", NMAP, f"-sS {GROUPS}"),
        ("masscan", MASSCAN, f"{M} --rate 200000 --wait 0"),
        ("zmap", ZMAP, f"{Z} -r 0 -c 1"),
        ("rustscan", RUSTSCAN, f"{R} -t 500"),
    ],
    "B-dark": [
        ("ours", OURS, "syn {rate}"),
        ("nmap -sS", NMAP, f"-sS {TUNED}"),
        ("masscan", MASSCAN, f"{M} --rate 200000 --wait 0"),
        ("zmap", ZMAP, f"{Z} -r 0 -c 1"),
        ("rustscan*", RUSTSCAN, f"{R} -t 500"),
    ],
    "C": [
        ("ours, discovery", OURS, "syn {rate} icmp,tcp"),
        ("ours, all", OURS, "syn {rate}"),
        ("nmap, discovery", NMAP, f"-sS {QUICK}"),
        ("nmap -Pn*", NMAP, f"-sS {QUICK} -Pn"),
        ("masscan", MASSCAN, f"{M} --rate 500000 --wait 0"),
        ("rustscan*", RUSTSCAN, f"{R} -t 500"),
    ],
    "D-B": [
        ("ours", OURS, "syn {rate}"),
        ("nmap -sS", NMAP, f"-sS {TUNED}"),
        ("masscan, 2 passes", MASSCAN, f"{M} --rate 200000 --retries 1 --wait 1"),
        ("masscan, 1 pass", MASSCAN, f"{M} --rate 200000 --wait 1"),
        ("zmap", ZMAP, f"{Z} -r 200000 -c 1"),
        ("rustscan", RUSTSCAN, f"{R} -t 500"),
    ],
    "D-B-dark": [
        ("ours", OURS, "syn {rate}"),
        ("nmap -sS", NMAP, f"-sS {TUNED}"),
        ("masscan, 2 passes*", MASSCAN, f"{M} --rate 200000 --retries 1 --wait 1"),
        ("zmap, -P 2", ZMAP, f"{Z} -r 100000 -P 2 -c 1"),
        ("rustscan*", RUSTSCAN, f"{R} -t 500"),
    ],
    "D-C": [
        ("ours, discovery", OURS, "syn {rate} icmp,tcp"),
        ("ours, all", OURS, "syn {rate}"),
        ("nmap, discovery", NMAP, f"-sS {QUICK}"),
        ("masscan, 1 pass", MASSCAN, f"{M} --rate 200000 --wait 1"),
    ],
}


def command(program, words, told, work, rate):
    words = words.format(rate=rate).split()
    targets, ports = told["targets"], told["ports"]
    if program == OURS:
        return [os.environ["SENTRYPOST"], f"{work}/runs", targets, ports, *words]
    if program == NMAP:
        return ["nmap", *words, "-p", ports, "-oG", "-", targets]
    if program == MASSCAN:
        return ["masscan", *words, "-p", ports, "-oL", f"{work}/masscan", targets]
    if program == ZMAP:
        return ["zmap", *words, targets]
    # It knows no lists that hold ranges.
    wanted = ["-r", ports] if ports == "1-65535" else ["-p", ",".join(map(str, single_ports(ports)))]
    return [os.environ["RUSTSCAN"], *words, *wanted, "-a", targets]


def found(program, said, work):
    if program == OURS:
        return {(addr, int(port)) for addr, port in re.findall(r"^open (\S+):(\d+)/tcp$", said, re.M)}
    if program == NMAP:
        hosts = re.findall(r"^Host: (\S+) .*Ports: (.*)$", said, re.M)
        return {(addr, int(port)) for addr, list in hosts for port in re.findall(r"(\d+)/open/tcp", list)}
    if program == MASSCAN:
        said = open(f"{work}/masscan").read() if os.path.exists(f"{work}/masscan") else ""
        return {(addr, int(port)) for port, addr in re.findall(r"^open tcp (\d+) (\S+)", said, re.M)}
    if program == ZMAP:
        return {(addr, 80) for addr in re.findall(r"^(\d+\.\d+\.\d+\.\d+)$", said, re.M)}
    lines = re.findall(r"^(\S+) -> \[(.*)\]$", said, re.M)
    return {(addr, int(port)) for addr, list in lines for port in list.split(",")}


def sent():
    """Frames that went out, without the resets of our kernel, which knows of no connection."""
    frames = int(open("/sys/class/net/near/statistics/tx_packets").read())
    names, values = [line.split() for line in open("/proc/net/snmp") if line.startswith("Tcp:")]
    return frames - int(values[names.index("OutRsts")])


def builds():
    """Compilers at work: what else the machine does."""
    names = (open(f"/proc/{pid}/comm").read().strip() for pid in os.listdir("/proc") if pid.isdigit())
    try:
        return sum(name in ("rustc", "ld", "lld", "mold") for name in names)
    except OSError:
        return 0


def once(out, errors, *words):
    """Runs a program and tells what it took."""
    begun = time.monotonic()
    with open(out, "w") as out, open(errors, "w") as errors:
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        # masscan has been seen to sit on a silent link for minutes.
        killer = threading.Timer(PATIENCE, child.kill)
        killer.start()
        _, status, usage = os.wait4(child.pid, 0)
        killer.cancel()
    wall, cpu = time.monotonic() - begun, usage.ru_utime + usage.ru_stime
    # It was waited for here.
    child.returncode = os.waitstatus_to_exitcode(status)
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": usage.ru_maxrss / 1024, "status": child.returncode}))


def run(program, words, told, work, rate):
    shutil.rmtree(f"{work}/runs", ignore_errors=True)
    os.makedirs(f"{work}/runs")
    if os.path.exists(f"{work}/masscan"):
        os.unlink(f"{work}/masscan")
    before = sent()
    # A small process of its own begins it: a child's peak of memory is never below its parent's.
    begun = [sys.executable, __file__, "once", f"{work}/said", f"{work}/errors", *command(program, words, told, work, rate)]
    used = json.loads(subprocess.run(begun, capture_output=True, text=True, check=True, cwd=work).stdout)
    said = open(f"{work}/said").read()
    seen, wanted = found(program, said, work), {tuple(it) for it in told["open"]}
    if used["status"] != 0:
        print(f"  {program} ended with {used['status']} after {used['wall']:.0f} s: {open(f'{work}/errors').read()[-300:]}", file=sys.stderr)
    report = re.search(r"^RawReport .*$", said, re.M)
    if report and os.environ.get("VERBOSE"):
        print(f"  {used['wall']:.2f} s {report[0]}", file=sys.stderr)
    # What is still under way isn't the next one's.
    time.sleep(0.3)
    return {
        **used,
        "sent": sent() - before,
        "recall": len(seen & wanted) / len(wanted),
        "wrong": len(seen - wanted),
    }


def measure(case, told, work, rounds):
    rate = os.environ.get("RATE") or ("200000" if case.startswith("D-") else "1000000")
    only = os.environ.get("PEERS", "").split()
    peers, results, n_builds = [], {}, 0
    for peer in PEERS[case]:
        program = os.environ["SENTRYPOST"] if peer[1] == OURS else peer[1]
        program = os.environ["RUSTSCAN"] if peer[1] == RUSTSCAN else program
        if only and peer[1] not in only:
            continue
        if not program or not shutil.which(program):
            print(f"without {peer[1]}: it isn't installed", file=sys.stderr)
            continue
        peers.append(peer)
    load = os.getloadavg()[0]
    for nth in range(rounds):
        for name, program, words in peers:
            if nth > 0 and name.endswith("*"):
                continue
            n_builds += builds() > 0
            results.setdefault(name, []).append(run(program, words, told, work, rate))
    n_runs = sum(map(len, results.values()))
    print(
        f"\n{case}: {len(told['open'])} open among {told['n']}; medians of {rounds} (* of one), recall at its worst; "
        f"load before {load:.1f}, a compiler ran beside {n_builds} of {n_runs} runs; our rate {rate}"
    )
    print(f"{'':<20}{'wall s':>8}{'ratio':>7}{'CPU s':>8}{'ratio':>7}{'MiB':>7}{'sent':>9}{'each':>7}{'recall':>9}{'wrong':>7}")
    ours = None
    for name, rows in results.items():
        middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        ours = ours or middle
        recall, wrong = min(row["recall"] for row in rows), max(row["wrong"] for row in rows)
        print(
            f"{name:<20}{middle['wall']:>8.2f}{middle['wall'] / ours['wall']:>7.2f}{middle['cpu']:>8.2f}"
            f"{middle['cpu'] / ours['cpu']:>7.2f}{middle['memory']:>7.1f}{middle['sent']:>9.0f}"
            f"{middle['sent'] / told['n']:>7.3f}{recall:>9.5f}{wrong:>7}"
        )
        if os.environ.get("VERBOSE"):
            print("    walls", *(f"{row['wall']:.2f}" for row in rows), file=sys.stderr)
    if any(program == ZMAP for _, program, _ in peers):
        print("zmap's wall holds one second of cooldown (-c 1)")
    sys.stdout.flush()


def main():
    if sys.argv[1] == "once":
        once(*sys.argv[2:])
        return
    verb, case, work = sys.argv[1:4]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if verb == "truth":
        told, rules = truth(case)
        json.dump(told, open(f"{work}/truth", "w"))
        open(f"{work}/rules", "w").write(f"table inet bench {{\n{rules}\n}}\n")
        return
    told = json.load(open(f"{work}/truth"))
    if verb == "listen":
        listen(told, f"{work}/ready")
    else:
        measure(case, told, work, int(sys.argv[4]))


main()
