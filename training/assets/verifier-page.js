// The page: reads statements and revocation lists, and tells what they prove and what they can't.
// The same formats are written and read by the modules `statement` and `revocations`.
"use strict";

(function () {
  var DATA = JSON.parse(document.getElementById("data").textContent);
  var SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  var UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
  var language = "zh", list = null, listProblem = null, shown = null, crypto = null;

  function $(id) { return document.getElementById(id); }
  function t(key) { return TEXTS[key] ? TEXTS[key][language === "zh" ? 0 : 1] : key; }
  function fill(text, values) { return text.replace(/\{(\w+)\}/g, function (_, name) { return values[name]; }); }

  function Problem(kind, values) { this.kind = kind; this.values = values || {}; }

  function utf8(text) { return new TextEncoder().encode(text); }

  // The civil date where certificates are issued, UTC+8.
  function today() { return new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10); }
  function dayOf(number) { return new Date(Date.UTC(2000, 0, 1 + number)).toISOString().slice(0, 10); }
  function daysBetween(from, to) { return Math.round((Date.parse(to) - Date.parse(from)) / 86400000); }

  function halfWidth(text) {
    return text.replace(/[\uff01-\uff5e]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xfee0); });
  }

  function unBase32(text) {
    var bytes = [], held = 0, bits = 0;
    for (var i = 0; i < text.length; i++) {
      var c = text[i].toUpperCase().replace("O", "0").replace(/[IL]/, "1"), value = SYMBOLS.indexOf(c);
      if (value < 0) throw new Problem("symbol", { c: text[i] });
      held = held << 5 | value;
      bits += 5;
      if (bits >= 8) { bits -= 8; bytes.push(held >> bits); held &= (1 << bits) - 1; }
    }
    if (bits >= 5 || held) throw new Problem("cut");
    return Uint8Array.from(bytes);
  }

  function base32(bytes) {
    var text = "", held = 0, bits = 0;
    bytes.forEach(function (byte) {
      held = held << 8 | byte;
      for (bits += 8; bits >= 5;) { bits -= 5; text += SYMBOLS[held >> bits & 31]; }
      held &= (1 << bits) - 1;
    });
    return bits ? text + SYMBOLS[held << 5 - bits & 31] : text;
  }

  function keyOf(id, algorithm, message, signature) {
    var key = DATA.ring.keys.filter(function (key) { return key.id === id; })[0];
    if (!key) throw new Problem("unknownKey", { key: id });
    if (key.algorithm !== algorithm || !crypto[algorithm](unBase32(key.public), message, signature)) {
      throw new Problem("badSignature");
    }
    if (key.revoked) throw new Problem("revokedKey", { key: id, on: key.revoked.on });
    return key;
  }

  function readStatement(text) {
    if (text.length > 2000) throw new Problem("notAStatement");
    text = halfWidth(text).replace(/[\s\u200b-\u200d\u2060\ufeff]/g, "").toUpperCase();
    text = text.slice(text.lastIndexOf("#") + 1);
    var head = /^SP(\d{1,4})\.(.*)$/.exec(text);
    if (!head) throw new Problem("notAStatement");
    if (head[1] !== "1") throw new Problem("version", { version: head[1] });
    var bytes = unBase32(head[2].replace(/-/g, "")), at = 0;

    function take(n) {
      if (at + n > bytes.length) throw new Problem("cut");
      at += n;
      return bytes.slice(at - n, at);
    }
    function number(n) { return take(n).reduce(function (sum, byte) { return sum * 256 + byte; }, 0); }
    function string() {
      var length = number(1), part = take(length & 127), text = "", i;
      try {
        if (!(length & 128)) text = new TextDecoder("utf-8", { fatal: true }).decode(part);
      } catch (error) { throw new Problem("damaged"); }
      for (i = 0; length & 128 && i < part.length; i += 2) text += String.fromCharCode(part[i] << 8 | part[i + 1]);
      if (text.search(UNPRINTABLE) >= 0) throw new Problem("damaged");
      return text;
    }

    var algorithm = { 1: "ed25519", 2: "sm2-sm3" }[number(1)];
    if (!algorithm) throw new Problem("damaged");
    var s = { algorithm: algorithm, key: crypto.hex(take(4)), issued: dayOf(number(2)), until: dayOf(number(2)),
              nameCheck: number(1), printed: base32(take(16)), serial: string(), name: string(),
              category: string(), unit: string() };
    var signed = bytes.slice(0, at), signature = take(64);
    if (at !== bytes.length) throw new Problem("damaged");
    keyOf(s.key, algorithm, crypto.concat(utf8("sentrypost certificate statement 1\0"), signed), signature);
    return s;
  }

  function readList(text) {
    text = text.replace(/^\ufeff/, "").replace(/\r\n/g, "\n");
    if (text.split("\n", 1)[0] !== "sentrypost-revocations 1") throw new Problem("notAList");
    var end = text.lastIndexOf("\nsignature ");
    if (end < 0) throw new Problem("listCut");
    var body = text.slice(0, end + 1), signature;
    try { signature = unBase32(text.slice(end + 11).trim()); } catch (error) { throw new Problem("listCut"); }
    var head = /^\S+ 1\nnumber (\d+)\nissued (\S+)\nnext-update (\S+)\nalgorithm (\S+)\nkey (\S+)\n/.exec(body);
    if (!head) throw new Problem("notAList");
    if (signature.length !== 64) throw new Problem("listCut");
    keyOf(head[5], head[4], crypto.concat(utf8("sentrypost revocation list 1\0"), utf8(body)), signature);
    var entries = new Map();
    body.slice(head[0].length).split("\n").forEach(function (line) {
      var w = line.split(" ");
      if (w.length < 4) return;
      var entry = { state: w[0], since: w[2], reason: w[3], copy: w[4] || null };
      entries.set(w[1], (entries.get(w[1]) || []).concat([entry]));
    });
    return { number: Number(head[1]), issued: head[2], next: head[3], entries: entries, key: head[5] };
  }

  var WEIGHT = ["suspended", "replaced", "cancelled", "revoked"];

  function entryFor(s) {
    var found = list ? list.entries.get(s.serial) || [] : [];
    return found.filter(function (entry) {
      return entry.since <= today() && (!entry.copy || entry.copy === s.printed);
    }).sort(function (a, b) { return WEIGHT.indexOf(b.state) - WEIGHT.indexOf(a.state); })[0];
  }

  function listAge() { return daysBetween(list.issued, today()); }
  function listIsOld() { return listAge() > DATA.stale_after_days || list.next < today(); }

  // What is to be told: the state, its class, and the values for its texts.
  function judge(s) {
    var entry = entryFor(s);
    if (entry) return { state: entry.state, look: entry.state === "suspended" ? "doubt" : "bad", entry: entry };
    if (today() < s.issued) return { state: "notYet", look: "doubt" };
    if (today() > s.until) return { state: "expired", look: "bad" };
    if (!list) return { state: "unlisted", look: "doubt" };
    return listIsOld() ? { state: "staleList", look: "doubt" } : { state: "valid", look: "good" };
  }

  function show() {
    document.querySelectorAll("[data-t]").forEach(function (element) { element.textContent = t(element.dataset.t); });
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    $("language").textContent = language === "zh" ? "English" : "中文";
    $("language").lang = language === "zh" ? "en" : "zh-CN";
    $("issuer").textContent = DATA.issuer;
    $("about").textContent = fill(t("about"), { on: DATA.made_on, keys: DATA.ring.keys.map(function (key) {
      return key.id + (key.revoked ? t("keyRevoked") : key.retired_on ? t("keyRetired") : "");
    }).join(language === "zh" ? "、" : ", ") });
    $("listed").textContent = (listProblem ? "✖ " + fill(t("listRefused"), { why: fill(t(listProblem.kind), listProblem.values) }) + " " : "") +
      (list ? (listIsOld() ? "⚠ " : "✔ ") + fill(t("listLoaded"), { number: list.number, on: list.issued, next: list.next, n: list.entries.size })
            : "⚠ " + t("listNone"));
    $("listed").dataset.list = listProblem ? "refused" : list ? (listIsOld() ? "old" : "current") : "none";
    var result = $("result");
    result.hidden = !shown;
    if (!shown) return;
    var s = shown.statement;
    var told = s ? judge(s) : { state: shown.problem.kind, look: "bad" };
    var values = Object.assign({ on: today() }, s, shown.problem && shown.problem.values);
    if (list) Object.assign(values, { days: listAge(), listed: list.issued, next: list.next });
    if (told.entry) Object.assign(values, { since: told.entry.since, reason: t("reason-" + told.entry.reason) });
    result.className = told.look;
    result.dataset.state = told.state;
    $("sign").textContent = { good: "✔", doubt: "!", bad: "✖" }[told.look];
    $("headline").textContent = t("is-" + told.state);
    $("because").textContent = fill(t(TEXTS["why-" + told.state] ? "why-" + told.state : told.state), values);
    showFacts(s);
    showLimits(s);
    compareName();
  }

  function showFacts(s) {
    var facts = $("facts");
    facts.textContent = "";
    $("compare").hidden = !s;
    $("limits").hidden = !s;
    if (!s) return;
    var rows = [["serial", s.serial], ["holder", s.name], ["category-", s.category + " (" + s.serial.split("-")[2] + ")"]];
    if (s.unit) rows.push(["unit-", s.unit]);
    rows.push(["issued-", s.issued], ["until-", s.until], ["key-", s.key + " · " + (s.algorithm === "ed25519" ? "Ed25519" : "SM2/SM3")],
              ["checked", new Date().toLocaleString(language === "zh" ? "zh-CN" : "en-GB")]);
    rows.forEach(function (row, at) {
      var name = document.createElement("dt"), value = document.createElement("dd");
      name.textContent = t(row[0]);
      value.textContent = row[1];
      if (at < 2) value.className = "strong";
      facts.append(name, value);
    });
  }

  function showLimits(s) {
    var limits = $("limitList");
    limits.textContent = "";
    if (!s) return;
    var known = [list ? fill(t("limitList"), { on: list.issued, days: listAge() }) : t("limitNoList")];
    if (list && listIsOld()) known.push(fill(t("limitOld"), { next: list.next }));
    if (today() < DATA.made_on) known.push(fill(t("limitClock"), { on: today(), made: DATA.made_on }));
    known.push(t("limitPerson"), t("limitMask"), fill(t("limitPage"), { on: DATA.made_on }));
    known.forEach(function (text) {
      var item = document.createElement("li");
      item.textContent = text;
      limits.append(item);
    });
  }

  // As `fold` of the module `statement::printed`.
  function fold(text) {
    return text.normalize("NFKC").replace(/\s/g, "").replace(UNPRINTABLE, "").replace(/[•・‧⋅∙]/g, "·")
      .replace(/[a-z]/g, function (c) { return c.toUpperCase(); });
  }

  // As `masked` of the module `statement::mask`.
  function masked(name) {
    var chars = Array.from(name.trim().replace(UNPRINTABLE, "")), n = chars.length;
    var chinese = chars.some(function (c) { return /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇]/.test(c) || c >= "\ud840" && c < "\ud8c0"; });
    function joint(c) { return /[\s·•・‧\-.']/.test(c); }
    var hidden = chars.map(function (c, at) {
      var starts = at === 0 || joint(chars[at - 1]);
      var open = chinese ? (at === 0 && n > 1) || (at + 1 === n && n > 2) : starts && n > 1;
      return open || joint(c) ? c : "*";
    });
    return (n > 24 ? hidden.slice(0, 23).concat(["…"]) : hidden).join("");
  }

  function answer(element, yes, key) {
    element.textContent = (yes ? "✔ " : "✖ ") + t(key);
    element.className = yes ? "yes" : "no";
  }

  function compareName() {
    var s = shown && shown.statement, name = $("name").value;
    $("named").textContent = $("wholly").textContent = "";
    if (!s || !name.trim()) return;
    var check = crypto.sha512(utf8("sentrypost name 1\0" + s.serial + "\0" + fold(name)))[0];
    var fits = fold(masked(name)) === fold(s.name) && check === s.nameCheck;
    answer($("named"), fits, fits ? "nameFits" : "nameDiffers");
  }

  function compareWhole() {
    var s = shown.statement, token = "";
    try {
      token = base32(unBase32(halfWidth($("token").value).replace(/[\s\-‐-―−_]/g, ""))).replace(/(.{4})(?=.)/g, "$1-");
    } catch (error) { token = "?"; }
    var parts = [utf8("sentrypost print 1\0")];
    [s.serial, fold($("name").value), fold($("unit").value), fold($("post").value),
     fold($("category").value || s.category), s.issued, s.until, token].forEach(function (field) {
      var bytes = utf8(field), length = new Uint8Array(8);
      new DataView(length.buffer).setUint32(4, bytes.length);
      parts.push(length, bytes);
    });
    var digest = base32(crypto.sha512(crypto.concat.apply(null, parts)).slice(0, 16));
    answer($("wholly"), digest === s.printed, digest === s.printed ? "printFits" : "printDiffers");
  }

  function check(text) {
    if (!text.trim()) { shown = null; return show(); }
    try { shown = { statement: readStatement(text) }; }
    catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      shown = { problem: problem };
    }
    show();
  }

  function load(text) {
    listProblem = null;
    try {
      var read = readList(text);
      if (list && read.number < list.number) throw new Problem("listOlder", { number: read.number, known: list.number });
      list = read;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      listProblem = problem;
    }
    show();
  }

  function fromAddress() {
    if (location.hash.length < 2) return;
    var text = location.hash.slice(1);
    try { text = decodeURIComponent(text); } catch (error) { /* as it is */ }
    $("text").value = text;
    check(text);
  }

  if (typeof BigInt !== "function" || typeof TextDecoder !== "function") {
    var notice = document.createElement("p");
    notice.className = "notice";
    notice.textContent = TEXTS.tooOld.join(" ");
    document.querySelector("main").prepend(notice);
    return;
  }
  crypto = makeCrypto();
  $("check").onclick = function () { check($("text").value); };
  $("clear").onclick = function () { $("text").value = $("name").value = ""; check(""); $("text").focus(); };
  $("list").onchange = function () {
    var file = this.files[0];
    this.value = "";
    if (!file) return;
    if (file.size > 16 * 1048576) { listProblem = new Problem("notAList"); return show(); }
    file.text().then(load);
  };
  $("name").oninput = compareName;
  $("whole").onclick = compareWhole;
  $("print").onclick = function () { window.print(); };
  $("language").onclick = function () { language = language === "zh" ? "en" : "zh"; show(); };
  window.onhashchange = fromAddress;
  if (DATA.list) load(DATA.list); else show();
  fromAddress();
})();
