package api

import (
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/collecttest"
)

func TestJSON(t *testing.T) {
	runRows(t, nil, []row{
		{code: `return json.decode('{"a":[1,2.5,-3e2,true,false,null,"\\u00e4"],"b":{}}')`, want: "{a={1 2.5 -300 true false <userdata> ä} b={}}"},
		{code: `return json.decode('[null]')[1] == json.null, tostring(json.null), getmetatable(json.null)`, want: "true | null | false"},
		{code: `return json.null.x, (pcall(function() json.null.x = 1 end))`, want: "nil | false"},
		{code: `return json.decode(' 7 ')`, want: "7"},
		{code: `return json.decode('[1,2')`, want: "nil | JSON: it ends too early"},
		{code: `return json.decode('')`, want: "nil | JSON: it ends too early"},
		{code: `return json.decode('[1] 2')`, want: "nil | JSON: more follows the value, after 5 bytes"},
		{code: `return json.decode('{"a":1,}')`, want: "nil | JSON: invalid character '}' looking for beginning of object key string, after 7 bytes"},
		{code: `return json.decode('[1 2]')`, want: "nil | JSON: invalid character '2' after array element, after 3 bytes"},
		{code: `return json.decode('{1:2}')`, want: "nil | JSON: invalid character '1', after 1 bytes"},
		{code: `return json.decode('1e999')`, want: "nil | JSON: a number is too large, after 5 bytes"},
		{code: `return json.decode(string.rep('[', 1000000))`, want: "nil | JSON: is nested more than 64 deep, after 65 bytes"},
		{code: `return json.decode('[' .. string.rep('0,', 200000) .. '0]')`, want: "nil | JSON: has more than 100000 values, after 200000 bytes"},
		{code: `return json.decode('[' .. string.rep('{"a":1},', 30000) .. '0]')`, want: "nil | JSON: has more than 100000 values, after 133335 bytes"},
		{code: `return csv.decode(string.rep("a\n", 30000), {header=true})`, want: "nil | CSV: more than 100000 fields"},
		{code: `return json.encode{b={1,2,{}}, a="x\n\"<\195\164", n=json.null, y=true}`, want: `{"a":"x\n\"<ä","b":[1,2,{}],"n":null,"y":true}`},
		{code: `return json.encode(1/3), json.encode(1e15), json.encode(nil)`, want: "0.3333333333333333 | 1000000000000000 | null"},
		{code: `local t = {} t.t = t return json.encode(t)`, raises: "json.encode: is nested more than 64 deep"},
		{code: `return json.encode{[2]=1}`, raises: "json.encode: the key 2 of an object is a number"},
		{code: `return json.encode{1, x=2}`, raises: "the key 1 of an object is a number"},
		{code: `return json.encode(0/0)`, raises: "a number is not finite"},
		{code: `return json.encode(print)`, raises: "a function cannot be encoded"},
		{code: `return json.encode{string.rep("x", 900000), string.rep("x", 900000)}`, raises: "more than 1048576 bytes"},
		{code: `local v = json.decode('{"a":[{"b/c":7}], "0":1}') return json.at(v, "/a/0/b~1c"), json.at(v, ""), json.at(v, "/a/1"), json.at(v, "/a/x/y"), json.at(v, "/0")`,
			want: "7 | {0=1 a={{b/c=7}}} | nil | nil | 1"},
		{code: `return json.at({}, "a")`, raises: "a pointer begins with /"},
	})
}

func TestCSV(t *testing.T) {
	runRows(t, nil, []row{
		{code: `return csv.decode('a,b\n1,"x,\n""y"""\n\n2\n')`, want: "{{a b} {1 x,\n\"y\"} {2}}"},
		{code: `return csv.decode('a;b\r\n1;2\r\n', {sep=";", header=true})`, want: "{{a=1 b=2}}"},
		{code: `return csv.decode('a,b\n1,2,3\n', {header=true})`, want: "nil | CSV: a row has more fields than the header"},
		{code: `return csv.decode(''), csv.decode('', {header=true})`, want: "{} | {}"},
		{code: `return csv.decode(string.rep(",", 100000))`, want: "nil | CSV: more than 100000 fields"},
		{code: `return csv.decode("a", {sep="ab"})`, raises: "option sep: want one character"},
		{code: `return csv.decode("a", {sep=""})`, raises: "option sep: want one character"},
		{code: `return csv.decode("a", {sep=true})`, raises: "option sep: want a text, got boolean"},
		{code: `return csv.decode("a", {sepp=","})`, raises: `unknown option "sepp"; there are sep, header`},
	})
}

func TestXML(t *testing.T) {
	runRows(t, nil, []row{
		{code: `return xml.decode('<?xml version="1.0"?><!-- c --><x:a xmlns:x="u" k="1&amp;2"><b/>t<b>u &lt;</b></x:a>')`,
			want: "{attr={k=1&2} children={{attr={} children={} name=b text=} {attr={} children={} name=b text=u <}} name=a text=t}"},
		{code: `return xml.decode('<a><![CDATA[<&]]></a>').text`, want: "<&"},
		{code: `return xml.decode('<?xml version="1.0" encoding="ISO-8859-1"?><a>\228</a>').text`, want: "ä"},
		{code: `return xml.decode('<?xml version="1.0" encoding="utf-16"?><a/>')`, want: `nil | XML: xml: opening charset "utf-16": unknown character set "utf-16"`},
		{code: `return xml.decode('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>')`, want: "nil | XML: XML syntax error on line 1: invalid character entity &x;"},
		{code: `return xml.decode('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>').name`, want: "a"},
		{code: `return xml.decode('<a><b></a>')`, want: "nil | XML: XML syntax error on line 1: element <b> closed by </a>"},
		{code: `return xml.decode('<a>')`, want: "nil | XML: XML syntax error on line 1: unexpected EOF"},
		{code: `return xml.decode('<a/><b/>')`, want: "nil | XML: there is a second outermost element"},
		{code: `return xml.decode('')`, want: "nil | XML: there is no element"},
		{code: `return xml.decode(string.rep('<a>', 100000))`, want: "nil | XML: is nested more than 64 deep"},
		{code: `return xml.decode('<a>' .. string.rep('<b/>', 30000))`, want: "nil | XML: has more than 20000 elements and attributes"},
	})
}

func TestText(t *testing.T) {
	runRows(t, nil, []row{
		{code: `return text.split("a, b,,c", ","), text.split("", ","), text.split("a.b", ".")`, want: "{a  b  c} | {} | {a b}"},
		{code: `return text.split("a", "")`, raises: "the separator is empty"},
		{code: `return text.split(string.rep(",", 100000), ",")`, want: "nil | more than 100000 pieces"},
		{code: `return text.fields(" a\tb \n c ")`, want: "{a b c}"},
		{code: `return text.fields(string.rep("a ", 100001))`, want: "nil | more than 100000 pieces"},
		{code: `return "[" .. text.trim(" \t a b\r\n") .. "]"`, want: "[a b]"},
		{code: `return text.lines("a\r\nb\n\nc"), text.lines(""), text.lines("\n")`, want: "{a b  c} | {} | {}"},
		{code: `return text.table("USER  PID COMMAND\nroot  1 /sbin/init  splash\n\nnobody 7\n")`,
			want: "{{COMMAND=/sbin/init  splash PID=1 USER=root} {PID=7 USER=nobody}}"},
		{code: `return text.table(""), text.table("\n")`, want: "{} | {}"},
		{code: `return text.table("A B\n" .. string.rep("1 2\n", 40000))`, want: "nil | has more than 100000 values"},
		{code: `return text.number("1.5K")`, want: "1536 | "},
		{code: `return text.number(" 20 % ")`, want: "20 | %"},
		{code: `return text.number("3 GiB")`, want: "3221225472 | B"},
		{code: `return text.number("4kB")`, want: "4000 | B"},
		{code: `return text.number("-2.5e3 ms")`, want: "-2500 | ms"},
		{code: `return text.number("1e")`, want: "1 | e"},
		{code: `return text.number("2E")`, want: "2305843009213693952 | "},
		{code: `return text.number("5 Kelvin")`, want: "5 | Kelvin"},
		{code: `return text.number("7 m")`, want: "7 | m"},
		{code: `return text.number("9 MB/s")`, want: "9000000 | B/s"},
		{code: `return text.number("fast")`, want: `nil | "fast" begins with no number`},
		{code: `return text.number("1.2.3")`, want: `nil | "1.2.3" begins with no number`},
	})
}

func TestExpressions(t *testing.T) {
	runRows(t, nil, []row{
		{code: `return re.match("load: 1.25, 2", "load: ([0-9.]+), (\\d)")`, want: "1.25 | 2"},
		{code: `return re.match("abc", "b.")`, want: "bc"},
		{code: `return re.match("abc", "x")`, want: "nil"},
		{code: `return re.match("ac", "a(b)?c")`, want: "false"},
		{code: `return re.find("a1b22", "[0-9]+")`, want: "2 | 2"},
		{code: `return re.find("a1b22", "[0-9]+", 3)`, want: "4 | 5"},
		{code: `return re.find("a1", "1", 9)`, want: "nil"},
		{code: `return re.find("a1", "x")`, want: "nil"},
		{code: `return re.all("a=1 b=2", "(\\w)=(\\d)"), re.all("a1b2", "\\d"), re.all("a", "x")`, want: "{{a 1} {b 2}} | {1 2} | {}"},
		{code: `return re.all(string.rep("a", 100001), "a")`, want: "nil | more than 100000 matches"},
		{code: `return #re.all(string.rep("ab", 9000), "a"), #re.replace(string.rep("ab", 9000), "", "-"), #re.replace("", "", "-")`, want: "9000 | 36001 | 1"},
		{code: `return re.replace("a=1 b=2", "(\\w)=(\\d)", "$2:${1}$$")`, want: "1:a$ 2:b$"},
		{code: `return re.replace(string.rep("a", 10000), "a", string.rep("b", 10000))`, raises: "text of more than 1048576 bytes"},
		{code: `return re.match("a", "(")`, raises: "not a regular expression"},
		{code: `return re.match("a", "(abcdefghij){300}")`, raises: "repeats too much"},
		{code: `for i = 1, 100 do re.match("a", "a" .. i) end return re.match("a7", "a7")`, want: "a7"},
	})
}

// A text for which an expression looks far ahead at each match is given up; one with as many matches is not.
func TestSlowExpressions(t *testing.T) {
	s := strings.Repeat("a", 100_000)
	if m, err := findAll(s, regexp.MustCompile("a[^b]*b|a"), maxValues+1, time.Millisecond); err != errSlowExpression {
		t.Errorf("%d matches, %v", len(m), err)
	}
	if m, err := findAll(s, regexp.MustCompile("a"), maxValues+1, time.Minute); len(m) != len(s) || err != nil {
		t.Errorf("%d matches, %v", len(m), err)
	}
}

func TestTime(t *testing.T) {
	runRows(t, nil, []row{
		{code: `return time.parse("2023-11-14T22:13:20.5Z", "rfc3339") == 1700000000.5`, want: "true"},
		{code: `return time.parse("Tue, 14 Nov 2023 22:13:20 UTC", "rfc1123")`, want: "1700000000"},
		{code: `return time.parse(" 1700000000.25 ", "unix") == 1700000000.25`, want: "true"},
		{code: `return time.parse("Nov 14 22:13:20 2023 GMT", "%b %d %H:%M:%S %Y %Z")`, want: "1700000000"},
		{code: `return time.parse("2023-11-14 23:13:20", "%F %T", "Europe/Berlin")`, want: "1700000000"},
		{code: `return time.parse("2023-11-14 23:13:20 CET", "%F %T %Z", "Europe/Berlin")`, want: "1700000000"},
		{code: `return time.parse("2023-11-14 23:13:20 EST", "%F %T %Z", "Europe/Berlin")`, want: `nil | "2023-11-14 23:13:20 EST" is no time of that layout`},
		{code: `return time.parse("14.11.2023 10:13:20 pm", "%d.%m.%Y %I:%M:%S %p")`, want: "1700000000"},
		{code: `return time.parse("Jan 2 on T2006T2023-318", "Jan 2 on T2006T%Y-%j")`, want: "1699920000"},
		{code: `return time.parse("Tue Nov  4 09:00:00 2025", "%a %b %e %H:%M:%S %Y")`, want: "1762246800"},
		{code: `return time.parse("12:00 +01:30", "%H:%M %z"), time.parse("12 Z", "%H %z"), time.parse("00:00:00.000001", "%T.%N")`, want: "37800 | 43200 | 1e-06"},
		{code: `return time.parse("2023-02-30", "%F")`, want: `nil | "2023-02-30" is no time of that layout`},
		{code: `return time.parse("2023-02-28x", "%F")`, want: `nil | "2023-02-28x" is no time of that layout`},
		{code: `return time.parse("69-01-01 100%", "%y-%m-%d 100%%")`, want: "-31536000"},
		{code: `return time.parse("", "%Q")`, raises: `unknown sign "%Q" in the layout`},
		{code: `return time.parse("", "2006-01-02")`, raises: `the layout "2006-01-02" has no sign`},
		{code: `return time.parse("1", "%H", "../../etc/passwd")`, raises: "unknown zone"},
		{code: `return time.format(1700000000, "rfc3339"), time.format(1700000000.5, "unix"), time.format(1700000000, "rfc1123")`,
			want: "2023-11-14T22:13:20Z | 1700000000.5 | Tue, 14 Nov 2023 22:13:20 UTC"},
		{code: `return time.format(1700000000, "Jan 2 %d.%m.%y %I%p %N%%", "Europe/Berlin")`, want: "Jan 2 14.11.23 11PM 000000000%"},
		{code: `return time.format(1/0, "%Y")`, raises: "a time out of range"},
		{code: `local a = time.clock() local b = time.clock() return a >= 0, b >= a, b < a + 60`, want: "true | true | true"},
		{code: `return time.duration("1h2m"), time.duration("90"), time.duration("3d 4h"), time.duration("250ms"), time.duration("-5s"), time.duration("2-03:04:05"), time.duration("04:05"), time.duration("1 week 2 days")`,
			want: "3720 | 90 | 273600 | 0.25 | -5 | 183845 | 245 | 777600"},
		{code: `return time.duration("soon")`, want: `nil | "soon" is no span of time`},
		{code: `return time.duration("5 parsecs")`, want: `nil | "5 parsecs" is no span of time`},
		{code: `return time.duration("")`, want: `nil | "" is no span of time`},
		{code: `return time.duration("1:2:3:4")`, want: `nil | "1:2:3:4" is no span of time`},
	})
}

func TestHashes(t *testing.T) {
	runRows(t, nil, []row{
		{code: `return hash.sha256(""), hash.sha1("abc"), hash.md5("abc"), hash.crc32("123456789")`,
			want: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 | a9993e364706816aba3e25717850c26c9cd0d89d | 900150983cd24fb0d6963f7d28e17f72 | cbf43926"},
		{code: `return hash.hmac_sha256("Jefe", "what do ya want for nothing?")`, want: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{code: `return base64.encode("a\255\254"), base64.decode("Yf/+"), base64.decode("Yf_-"), base64.decode("YQ=="), base64.decode("YQ")`,
			want: "Yf/+ | a\xff\xfe | a\xff\xfe | a | a"},
		{code: `return base64.decode("!")`, want: "nil | not base64"},
		{code: `return hex.encode("\0\255"), hex.decode("00fF") == "\0\255"`, want: "00ff | true"},
		{code: `return hex.decode("0g")`, want: "nil | not hexadecimal: encoding/hex: invalid byte: U+0067 'g'"},
		{code: `return hex.encode(string.rep("x", 600000))`, raises: "at most 1048576 are allowed"},
	})
}

// Each function is documented, by its own name, and says how many arguments it takes.
func TestDocNamesEveryFunction(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range Modules() {
		if m.Doc == "" || len(m.Functions) == 0 || seen[m.Name] {
			t.Errorf("module %q: no documentation, no function, or there twice", m.Name)
		}
		seen[m.Name] = true
		for _, f := range m.Functions {
			name := m.Name + "." + f.Name
			if !strings.HasPrefix(f.Signature, name+"(") && !strings.HasPrefix(f.Signature, name+"{") || !strings.Contains(f.Signature, "->") {
				t.Errorf("%s: signature %q", name, f.Signature)
			}
			if f.Doc == "" || !strings.HasSuffix(strings.TrimSpace(f.Doc), ".") || f.Call == nil || f.MaxArgs >= 0 && f.MaxArgs < f.MinArgs || seen[name] {
				t.Errorf("%s: documentation %q, arguments %d to %d, or there twice", name, f.Doc, f.MinArgs, f.MaxArgs)
			}
			if m.Pure && f.Needs != "" {
				t.Errorf("%s needs %s, in a module that is pure", name, f.Needs)
			}
			seen[name] = true
		}
		for _, c := range m.Constants {
			if c.Doc == "" || c.Value == nil {
				t.Errorf("%s.%s: no documentation or no value", m.Name, c.Name)
			}
		}
	}
}

func TestCertificates(t *testing.T) {
	openssl := collecttest.Program(t, "openssl", "openssl")
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", filepath.Join(dir, "key"),
		"-out", filepath.Join(dir, "cert"), "-days", "30", "-set_serial", "0xabc", "-subj", "/O=Test/CN=here",
		"-addext", "subjectAltName=DNS:here.example,IP:127.0.0.1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	cert, key := read("cert"), read("key")
	block, _ := pem.Decode([]byte(cert))
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for name, text := range map[string]string{"PEM": "text\n" + cert, "with its key": key + cert, "DER": string(block.Bytes)} {
		list, err := decodeCertificates(text)
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %d certificates, %v", name, len(list), err)
			continue
		}
		got := certificateTable(l, list[0])
		got.RawSetString("sha256", lua.LNil)
		want := fmt.Sprintf("{ca=true issuer=CN=here,O=Test names={here.example 127.0.0.1} not_after=%d not_before=%d serial=abc subject=CN=here,O=Test}",
			list[0].NotAfter.Unix(), list[0].NotAfter.Unix()-30*86400)
		if show(got, 0) != want {
			t.Errorf("%s: %s, want %s", name, show(got, 0), want)
		}
	}
	for text, want := range map[string]string{
		"":                        "neither a certificate in PEM nor one in DER",
		"x":                       "neither a certificate in PEM nor one in DER",
		key:                       "there is no certificate",
		strings.Repeat(cert, 101): "more than 100 certificates",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": "certificate 1: x509: malformed certificate",
	} {
		if _, err := decodeCertificates(text); err == nil || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}
