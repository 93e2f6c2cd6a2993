// Verification of Ed25519 (RFC 8032) and of SM2 with SM3 (GB/T 32918.2, signer 1234567812345678) for browsers that have
// neither. Verifying only: nothing here is secret, so nothing here is constant in time. BigInt without literals, so that
// older browsers can still read the script and say what they lack.
"use strict";

function makeCrypto() {
  var ZERO = BigInt(0), ONE = BigInt(1), TWO = BigInt(2);

  function hex(bytes) {
    var text = "";
    for (var i = 0; i < bytes.length; i++) text += (bytes[i] + 256).toString(16).slice(1);
    return text;
  }

  function fromHex(text) {
    var bytes = new Uint8Array(text.length / 2);
    for (var i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.substr(2 * i, 2), 16);
    return bytes;
  }

  function bigEndian(bytes) { return bytes.length ? BigInt("0x" + hex(bytes)) : ZERO; }
  function littleEndian(bytes) { return bigEndian(Uint8Array.from(bytes).reverse()); }
  function toBytes(number, length) { return fromHex(number.toString(16).padStart(2 * length, "0")); }
  function mod(a, m) { var r = a % m; return r < ZERO ? r + m : r; }

  function power(base, exponent, m) {
    var result = ONE;
    for (base = mod(base, m); exponent > ZERO; exponent >>= ONE) {
      if (exponent & ONE) result = result * base % m;
      base = base * base % m;
    }
    return result;
  }

  // The moduli are primes.
  function inverse(a, m) { return power(a, m - TWO, m); }

  function concat() {
    var length = 0, i;
    for (i = 0; i < arguments.length; i++) length += arguments[i].length;
    var all = new Uint8Array(length), at = 0;
    for (i = 0; i < arguments.length; at += arguments[i++].length) all.set(arguments[i], at);
    return all;
  }

  // The message, a one bit, zeros, and its length in bits at the end of the last block.
  function padded(message, block, lengthBytes) {
    var rest = (message.length + 1 + lengthBytes) % block;
    var all = new Uint8Array(message.length + 1 + lengthBytes + (rest ? block - rest : 0));
    all.set(message);
    all[message.length] = 0x80;
    new DataView(all.buffer).setUint32(all.length - 4, message.length * 8 >>> 0);
    new DataView(all.buffer).setUint32(all.length - 8, Math.floor(message.length / 0x20000000));
    return all;
  }

  // SHA-512 (FIPS 180-4) on pairs of 32-bit words. Its constants are the fractions of square and cube roots of primes.
  var sha512 = (function () {
    function root(number, degree) {
      var n = BigInt(degree), x = ONE << BigInt(Math.ceil(number.toString(2).length / degree));
      for (;;) {
        var next = ((n - ONE) * x + number / power2(x, degree - 1)) / n;
        if (next >= x) return x;
        x = next;
      }
    }
    function power2(x, times) { var r = ONE; while (times--) r *= x; return r; }
    function words(list) {
      var pairs = new Int32Array(2 * list.length);
      list.forEach(function (value, i) {
        pairs[2 * i] = Number(value >> BigInt(32) & BigInt(0xffffffff)) | 0;
        pairs[2 * i + 1] = Number(value & BigInt(0xffffffff)) | 0;
      });
      return pairs;
    }
    var primes = [];
    for (var p = 2; primes.length < 80; p++) {
      if (primes.every(function (q) { return p % q; })) primes.push(p);
    }
    var K = words(primes.map(function (q) { return root(BigInt(q) << BigInt(192), 3); }));
    var START = words(primes.slice(0, 8).map(function (q) { return root(BigInt(q) << BigInt(128), 2); }));
    var W = new Int32Array(160);

    // Rotations (or a shift, for the third of a sigma) of a pair, XORed; the high word, then the low one.
    function high(h, l, n) { return n < 32 ? h >>> n | l << 32 - n : l >>> n - 32 | h << 64 - n; }
    function low(h, l, n) { return high(l, h, n); }

    return function (message) {
      var data = padded(message, 128, 16), view = new DataView(data.buffer), H = Int32Array.from(START);
      for (var block = 0; block < data.length; block += 128) {
        var i, t, h, l, carry;
        for (i = 0; i < 32; i++) W[i] = view.getInt32(block + 4 * i);
        for (i = 32; i < 160; i += 2) {
          var ah = W[i - 30], al = W[i - 29], bh = W[i - 4], bl = W[i - 3];
          var s0h = high(ah, al, 1) ^ high(ah, al, 8) ^ ah >>> 7;
          var s0l = low(ah, al, 1) ^ low(ah, al, 8) ^ (al >>> 7 | ah << 25);
          var s1h = high(bh, bl, 19) ^ high(bh, bl, 61) ^ bh >>> 6;
          var s1l = low(bh, bl, 19) ^ low(bh, bl, 61) ^ (bl >>> 6 | bh << 26);
          t = (W[i - 31] >>> 0) + (s0l >>> 0) + (W[i - 13] >>> 0) + (s1l >>> 0);
          W[i + 1] = t | 0;
          W[i] = W[i - 32] + s0h + W[i - 14] + s1h + Math.floor(t / 0x100000000) | 0;
        }
        var S = Int32Array.from(H);
        for (i = 0; i < 160; i += 2) {
          var eh = S[8], el = S[9], xh = S[0], xl = S[1];
          var e1h = high(eh, el, 14) ^ high(eh, el, 18) ^ high(eh, el, 41);
          var e1l = low(eh, el, 14) ^ low(eh, el, 18) ^ low(eh, el, 41);
          var chh = eh & S[10] ^ ~eh & S[12], chl = el & S[11] ^ ~el & S[13];
          t = (S[15] >>> 0) + (e1l >>> 0) + (chl >>> 0) + (K[i + 1] >>> 0) + (W[i + 1] >>> 0);
          l = t | 0;
          h = S[14] + e1h + chh + K[i] + W[i] + Math.floor(t / 0x100000000) | 0;
          var a0h = high(xh, xl, 28) ^ high(xh, xl, 34) ^ high(xh, xl, 39);
          var a0l = low(xh, xl, 28) ^ low(xh, xl, 34) ^ low(xh, xl, 39);
          var mh = xh & S[2] ^ xh & S[4] ^ S[2] & S[4], ml = xl & S[3] ^ xl & S[5] ^ S[3] & S[5];
          S.copyWithin(2, 0, 14);
          t = (S[9] >>> 0) + (l >>> 0);
          S[9] = t | 0;
          S[8] = S[8] + h + Math.floor(t / 0x100000000) | 0;
          t = (l >>> 0) + (a0l >>> 0) + (ml >>> 0);
          S[1] = t | 0;
          S[0] = h + a0h + mh + Math.floor(t / 0x100000000) | 0;
        }
        for (i = 0; i < 16; i += 2) {
          carry = (H[i + 1] >>> 0) + (S[i + 1] >>> 0);
          H[i + 1] = carry | 0;
          H[i] = H[i] + S[i] + Math.floor(carry / 0x100000000) | 0;
        }
      }
      return bytesOf(H);
    };
  })();

  function bytesOf(words) {
    var bytes = new Uint8Array(4 * words.length), view = new DataView(bytes.buffer);
    words.forEach(function (word, i) { view.setInt32(4 * i, word); });
    return bytes;
  }

  // SM3 (GB/T 32905).
  function sm3(message) {
    var H = Int32Array.of(0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                          0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e);
    var data = padded(message, 64, 8), view = new DataView(data.buffer), W = new Int32Array(68);
    function turn(x, n) { n %= 32; return n ? x << n | x >>> 32 - n : x; }
    for (var block = 0; block < data.length; block += 64) {
      var i, S = Int32Array.from(H);
      for (i = 0; i < 16; i++) W[i] = view.getInt32(block + 4 * i);
      for (i = 16; i < 68; i++) {
        var x = W[i - 16] ^ W[i - 9] ^ turn(W[i - 3], 15);
        W[i] = x ^ turn(x, 15) ^ turn(x, 23) ^ turn(W[i - 13], 7) ^ W[i - 6];
      }
      for (i = 0; i < 64; i++) {
        var early = i < 16;
        var ss1 = turn(turn(S[0], 12) + S[4] + turn(early ? 0x79cc4519 : 0x7a879d8a, i) | 0, 7);
        var ff = early ? S[0] ^ S[1] ^ S[2] : S[0] & S[1] | S[0] & S[2] | S[1] & S[2];
        var gg = early ? S[4] ^ S[5] ^ S[6] : S[4] & S[5] | ~S[4] & S[6];
        var tt1 = ff + S[3] + (ss1 ^ turn(S[0], 12)) + (W[i] ^ W[i + 4]) | 0;
        var tt2 = gg + S[7] + ss1 + W[i] | 0;
        S = Int32Array.of(tt1, S[0], turn(S[1], 9), S[2], tt2 ^ turn(tt2, 9) ^ turn(tt2, 17),
                          S[4], turn(S[5], 19), S[6]);
      }
      for (i = 0; i < 8; i++) H[i] ^= S[i];
    }
    return bytesOf(H);
  }

  // a·P + b·Q at one go.
  function twoTimes(a, P, b, Q, nothing, add) {
    var both = add(P, Q), sum = nothing;
    for (var bit = BigInt(256); bit >= ZERO; bit -= ONE) {
      sum = add(sum, sum);
      var inA = a >> bit & ONE, inB = b >> bit & ONE;
      if (inA || inB) sum = add(sum, inA ? (inB ? both : P) : Q);
    }
    return sum;
  }

  var ed25519 = (function () {
    var P = (ONE << BigInt(255)) - BigInt(19);
    var L = (ONE << BigInt(252)) + BigInt("27742317777372353535851937790883648493");
    var D = mod(BigInt(-121665) * inverse(BigInt(121666), P), P);
    var NOTHING = [ZERO, ONE, ONE, ZERO];

    // Extended coordinates; complete, so that it doubles too.
    function add(p, q) {
      var a = mod((p[1] - p[0]) * (q[1] - q[0]), P), b = mod((p[1] + p[0]) * (q[1] + q[0]), P);
      var c = mod(TWO * D * p[3] * q[3], P), d = mod(TWO * p[2] * q[2], P);
      var e = b - a, f = d - c, g = d + c, h = b + a;
      return [mod(e * f, P), mod(g * h, P), mod(f * g, P), mod(e * h, P)];
    }

    function decode(bytes) {
      var number = littleEndian(bytes), sign = number >> BigInt(255), y = number & (ONE << BigInt(255)) - ONE;
      if (bytes.length !== 32 || y >= P) return null;
      var square = mod((y * y - ONE) * inverse(D * y * y + ONE, P), P);
      var x = power(square, (P + BigInt(3)) / BigInt(8), P);
      if (x * x % P !== square) x = x * power(TWO, (P - ONE) / BigInt(4), P) % P;
      if (x * x % P !== square || (x === ZERO && sign)) return null;
      if ((x & ONE) !== sign) x = P - x;
      return [x, y, ONE, x * y % P];
    }

    function encode(p) {
      var z = inverse(p[2], P), x = p[0] * z % P, y = p[1] * z % P;
      return toBytes(y | (x & ONE) << BigInt(255), 32).reverse();
    }

    var BASE = decode(fromHex("58" + "66".repeat(31)));

    return function (key, message, signature) {
      var A = decode(key);
      if (!A || signature.length !== 64) return false;
      var R = signature.slice(0, 32), s = littleEndian(signature.slice(32));
      if (s >= L) return false;
      var k = mod(littleEndian(sha512(concat(R, key, message))), L);
      var minusA = [mod(-A[0], P), A[1], ONE, mod(-A[3], P)];
      return hex(encode(twoTimes(s, BASE, k, minusA, NOTHING, add))) === hex(R);
    };
  })();

  var sm2 = (function () {
    function number(text) { return BigInt("0x" + text); }
    var P = number("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF");
    var N = number("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123");
    var B = number("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93");
    var A = P - BigInt(3);
    var BASE = [number("32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"),
                number("BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"), ONE];
    var NOTHING = [ONE, ONE, ZERO];

    // Jacobian coordinates.
    function add(p, q) {
      if (p[2] === ZERO) return q;
      if (q[2] === ZERO) return p;
      var zz1 = p[2] * p[2] % P, zz2 = q[2] * q[2] % P;
      var u1 = p[0] * zz2 % P, h = mod(q[0] * zz1 - u1, P);
      var s1 = p[1] * zz2 * q[2] % P, r = mod(q[1] * zz1 * p[2] - s1, P);
      if (h === ZERO) return r === ZERO ? twice(p) : NOTHING;
      var hh = h * h % P, hhh = hh * h % P, v = u1 * hh % P;
      var x = mod(r * r - hhh - TWO * v, P);
      return [x, mod(r * (v - x) - s1 * hhh, P), p[2] * q[2] * h % P];
    }

    function twice(p) {
      var yy = p[1] * p[1] % P, zz = p[2] * p[2] % P, s = BigInt(4) * p[0] * yy % P;
      var m = mod(BigInt(3) * p[0] * p[0] + A * zz * zz, P), x = mod(m * m - TWO * s, P);
      return [x, mod(m * (s - x) - BigInt(8) * yy * yy, P), TWO * p[1] * p[2] % P];
    }

    return function (key, message, signature) {
      if (key.length !== 65 || key[0] !== 4 || signature.length !== 64) return false;
      var x = bigEndian(key.slice(1, 33)), y = bigEndian(key.slice(33));
      if (x >= P || y >= P || mod(y * y - x * x * x - A * x - B, P) !== ZERO) return false;
      var r = bigEndian(signature.slice(0, 32)), s = bigEndian(signature.slice(32)), t = mod(r + s, N);
      if (r === ZERO || r >= N || s === ZERO || s >= N || t === ZERO) return false;
      var signer = Uint8Array.from("1234567812345678", function (c) { return c.charCodeAt(0); });
      var curve = [A, B, BASE[0], BASE[1]].map(function (value) { return toBytes(value, 32); });
      var z = sm3(concat([0, 8 * signer.length], signer, curve[0], curve[1], curve[2], curve[3], key.slice(1)));
      var e = bigEndian(sm3(concat(z, message)));
      var point = twoTimes(s, BASE, t, [x, y, ONE], NOTHING, add);
      if (point[2] === ZERO) return false;
      var affineX = point[0] * inverse(point[2] * point[2] % P, P) % P;
      return mod(e + affineX, N) === r;
    };
  })();

  return { sha512: sha512, sm3: sm3, ed25519: ed25519, "sm2-sm3": sm2, hex: hex, fromHex: fromHex, concat: concat };
}
