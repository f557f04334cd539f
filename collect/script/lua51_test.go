package script

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

// harness prints what functions return, in the same form from the real Lua 5.1 and from a script. Only that there is an
// error is compared, not its text.
const harness = `
local function text(v)
  if type(v) ~= "string" then return tostring(v) end
  return '"' .. v:gsub("[^%w ]", function(c) return "\\" .. c:byte() end) .. '"'
end
local function show(ok, ...)
  if not ok then print("error") return end
  local t = {}
  for i = 1, select("#", ...) do t[i] = text((select(i, ...))) end
  print(table.concat(t, " "))
end
local function try(f, ...) show(pcall(f, ...)) end
local function all(s, p)
  local t = {}
  for a, b in string.gmatch(s, p) do t[#t+1] = text(a) .. text(b) end
  return table.concat(t, " ")
end
`

// asLua51 runs lines after the harness in both, and reports where they differ.
func asLua51(t *testing.T, lines []string) {
	t.Helper()
	lua := collecttest.Program(t, "lua5.1", "lua5.1")
	for batch := range slices.Chunk(lines, 1000) { // a file is not longer than 256 KiB
		compareLua51(t, lua, batch)
	}
}

func compareLua51(t *testing.T, lua string, lines []string) {
	t.Helper()
	const atOnce = 40 // lines in a function: one may have 200 local variables and 262144 constants
	var program strings.Builder
	for i := 0; i < len(lines); i += atOnce {
		fmt.Fprintf(&program, "do local f = function()\n%s\nend f() end\n", strings.Join(lines[i:min(i+atOnce, len(lines))], "\n"))
	}
	cmd := exec.Command(lua, "-")
	cmd.Stdin = strings.NewReader(harness + program.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("lua5.1: %v: %.500s", err, out)
	}
	want := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	var got []string
	_, err = run(t, body(harness+program.String()), func(o *Options) { o.Log = func(line string) { got = append(got, line) } })
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(got) != len(lines) {
		t.Fatalf("%d lines from lua5.1, %d from a script, %d wanted", len(want), len(got), len(lines))
	}
	differ := 0
	for i, line := range lines {
		if got[i] != want[i] {
			if differ++; differ < 20 {
				t.Errorf("%s\n got %s\nwant %s", line, got[i], want[i])
			}
		}
	}
	if differ >= 20 {
		t.Errorf("%d of %d lines differ", differ, len(lines))
	}
}

// quoted returns a text as Lua reads it.
func quoted(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\%03d`, s[i])
	}
	return `"` + b.String() + `"`
}

func pick(r *rand.Rand, from []string, most int) string {
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteString(from[r.IntN(len(from))])
	}
	return b.String()
}

func TestPatternsAsLua51(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	characters := strings.Split("aaabbcA1_ (()).,-%^$[]\n\xc3", "")
	items := append(strings.Split("aab1.()^$-*+?[]%", ""), "%a", "%A", "%d", "%s", "%S", "%w", "%u", "%l", "%p", "%c", "%x", "%%", "%.",
		"[ab]", "[^a]", "[a-c]", "[%a_]", "[]]", "[^]a]", "[a-]", "[%]]", "%b()", "%f[%w]", "%f[^a]", "()", "(a)", "(.-)", "(%w*)", "%1", "%2",
		".-", ".*", "a*", "b+", "a?", "%w+", "[ab]-")
	lines := []string{
		`try(string.find, "hello world", "o w")`, `try(string.find, "a.b", ".", 2, true)`, `try(string.find, "", "")`, `try(string.find, "abc", "", 10)`,
		`try(string.find, "abc", "b", -1)`, `try(string.match, "key = value", "^(%w+)%s*=%s*(%w+)$")`, `try(string.match, "2026-11-29", "(%d+)-(%d+)-(%d+)")`,
		`try(string.gsub, "hello world", "%w+", "<%0>", 1)`, `try(string.gsub, "abc", "", "-")`, `try(string.gsub, "abc", "%w", "%2")`, `try(string.gsub, "abc def", "(%w+) (%w+)", "%2 %1")`,
		`try(string.gsub, "$name is $age", "%$(%w+)", {name = "x", age = 3})`, `try(string.gsub, "abc", "b", function() return false end)`, `try(string.gsub, "abc", "^a", "x")`,
		`try(string.gsub, "abc", "b", {b = {}})`, `try(string.match, "THE (quick) fox", "%((%a+)%)")`, `try(string.match, "x", "((((((((((((((((((((((((((((((((x))))))))))))))))))))))))))))))))")`,
		`try(string.match, "x", "(((((((((((((((((((((((((((((((((x)))))))))))))))))))))))))))))))))")`, `try(string.find, "a\0b", "\0")`, `try(string.find, "a\0b", "%z")`,
	}
	for range 1500 {
		text, pattern := quoted(pick(r, characters, 12)), quoted(pick(r, items, 5))
		lines = append(lines, fmt.Sprintf(`try(string.%s, %s, %s, %d)`, []string{"find", "match"}[r.IntN(2)], text, pattern, r.IntN(9)-3))
		switch r.IntN(4) {
		case 0:
			lines = append(lines, fmt.Sprintf(`try(string.gsub, %s, %s, %s)`, text, pattern, quoted(pick(r, []string{"x", "%0", "%1", "%2", "%%"}, 3))))
		case 1:
			lines = append(lines, fmt.Sprintf(`try(string.gsub, %s, %s, function(a, b) return b and "<" .. a .. b .. ">" end, %d)`, text, pattern, r.IntN(4)))
		case 2:
			lines = append(lines, fmt.Sprintf(`try(all, %s, %s)`, text, pattern))
		}
	}
	asLua51(t, lines)
}

func TestFormatAsLua51(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	numbers := []string{"0", "1", "-1", "42", "-7.5", "3.14159", "1e15", "1e-5", "123456789", "255", "65535.9", "-0.001", "1e100", "0.1", "1/3", "2^53", "-2^31"}
	texts := []string{`"x"`, `"hello"`, `"a\nb\"c\\"`, `""`, "12", `"3"`, `"0x10"`}
	var lines []string
	for range 600 {
		d := "%" + pick(r, []string{"-", "+", " ", "#", "0"}, 2) + []string{"", "", "1", "5", "12"}[r.IntN(5)] + []string{"", "", ".", ".0", ".2", ".10"}[r.IntN(6)]
		verb := "dixXoueEfgGcsq"[r.IntN(14)]
		arg := numbers[r.IntN(len(numbers))]
		if verb == 's' || verb == 'q' || r.IntN(8) == 0 {
			arg = texts[r.IntN(len(texts))]
		}
		switch {
		case verb == 'q':
			d = "%"
		case verb == 'c': // C says nothing of its flags
			d, arg = "%", "65"
		case strings.ContainsRune("xXou", rune(verb)):
			arg = strings.TrimPrefix(arg, "-") // and nothing of negative numbers that are converted to unsigned ones
			if arg == "1e100" {
				arg = "1"
			}
		case strings.ContainsRune("di", rune(verb)):
			if arg == "1e100" {
				arg = "1"
			}
			d = strings.ReplaceAll(d, "#", "")
		case verb == 's':
			d = strings.NewReplacer("#", "", "0", "", "+", "", " ", "").Replace(d)
		}
		lines = append(lines, fmt.Sprintf(`try(string.format, "[%s%c]", %s)`, d, verb, arg))
	}
	lines = append(lines, `try(string.format, "%d%%")`, `try(string.format, "%d%%", 5)`, `try(string.format, "%y", 5)`, `try(string.format, "%123d", 5)`, `try(string.format, "%")`,
		`try(string.format, "%5.1f|%-8s|%03d", 2.25, "ab", 7)`, `try(string.format, "%.3s", "abcdef")`)
	asLua51(t, lines)
}

func TestLibraryAsLua51(t *testing.T) {
	t.Parallel()
	asLua51(t, []string{
		`try(tonumber, "10", 2)`, `try(tonumber, "ff", 16)`, `try(tonumber, "0xff")`, `try(tonumber, "0xff", 16)`, `try(tonumber, " 5 ")`, `try(tonumber, "5x")`, `try(tonumber, "1e2")`,
		`try(tonumber, ".5")`, `try(tonumber, "5.")`, `try(tonumber, "-0x10")`, `try(tonumber, "")`, `try(tonumber, {})`, `try(tonumber, "1 2")`, `try(tonumber, "z", 36)`, `try(tonumber, "1", 99)`,
		`try(tonumber, "e5")`, `try(tonumber, "--5")`, `try(tonumber, "+5")`, `try(tonumber, nil)`, `try(tonumber)`,
		`try(select, 2, 1, 2, 3)`, `try(select, -2, 1, 2, 3)`, `try(select, 0, 1)`, `try(select, 9, 1)`, `try(select, "#")`, `try(select, -9, 1)`,
		`try(unpack, {1, 2, nil, 4}, 1, 4)`, `try(unpack, {1, 2}, 2)`, `try(unpack, {}, 1, 3)`, `try(unpack, {1, 2}, 3, 1)`, `try(unpack, {}, 1, 1e8)`,
		`try(string.sub, "hello", 2, -2)`, `try(string.sub, "hello", -3)`, `try(string.sub, "hello", 0)`, `try(string.sub, "hello", 4, 2)`, `try(string.sub, "hello", -100, 100)`,
		`try(string.byte, "abc")`, `try(string.byte, "abc", -1)`, `try(string.byte, "abc", 1, 3)`, `try(string.byte, "abc", 10)`, `try(string.byte, "abc", 0)`, `try(string.byte, "", 1)`,
		`try(string.char, 72, 105)`, `try(string.char, 256)`, `try(string.char, -1)`, `try(string.char)`, `try(string.rep, "ab", 3)`, `try(string.rep, "ab", -1)`, `try(string.rep, "", 1e6)`,
		`try(string.reverse, "abc")`, `try(string.upper, "abc\195\164")`, `try(string.lower, "ABC")`, `try(string.len, "a\0b")`,
		`try(table.concat, {1, 2, "x"}, "-")`, `try(table.concat, {1, 2, 3}, "", 2, 3)`, `try(table.concat, {}, "x")`, `try(table.concat, {1, {}, 3})`, `try(table.concat, {1, 2}, ",", 1, 5)`, `try(table.concat, {1, 2}, ",", 3)`,
		`try(function() local t = {1, 2, 3} table.insert(t, 2, "x") return unpack(t) end)`, `try(function() local t = {1, 2, 3} return table.remove(t, 1), unpack(t) end)`,
		`try(function() local t = {1, 2, 3} return table.remove(t), table.remove(t), #t end)`, `try(table.remove, {})`, `try(table.remove, {1, 2}, 7)`, `try(table.maxn, {1, 2, [10] = 3})`, `try(table.maxn, {})`,
		`try(function() local t = {5, 2, 8, 1} table.sort(t) return unpack(t) end)`, `try(function() local t = {"b", "a"} table.sort(t) return unpack(t) end)`, `try(table.sort, {1, "x"})`, `try(table.sort, {1, 2}, 5)`,
		`try(function() local t = {5, 2, 8, 1} table.sort(t, function(a, b) return a > b end) return unpack(t) end)`,
		`try(math.floor, -2.5)`, `try(math.ceil, -2.5)`, `try(math.fmod, -5, 3)`, `try(math.max, 1, 5, 3)`, `try(math.min)`, `try(math.modf, -2.5)`, `try(math.frexp, 8)`, `try(math.ldexp, 0.5, 4)`, `try(math.random, 0)`, `try(math.sqrt, "16")`,
		`try(rawequal, "a", "a")`, `try(rawequal, {}, {})`, `try(rawget, {a = 1}, "a")`, `try(next, {})`, `try(next, {10})`, `try(type, nil)`, `try(type)`, `try(assert, false, "m")`, `try(assert, 1, 2, 3)`, `try(assert, nil)`,
		`try(setmetatable, {}, 5)`, `try(setmetatable, "", {})`, `try(getmetatable, {})`, `try(setmetatable, setmetatable({}, {__metatable = 1}), {})`, `try(getmetatable, setmetatable({}, {__metatable = 7}))`,
		`try(tostring, setmetatable({}, {__tostring = function() return "me" end}))`, `try(tostring, true)`, `try(tostring, 12)`, `try(tostring, "x")`,
		`try(function() return pcall(error, {code = 5}) end == nil)`, `try(function() local ok, e = pcall(error, {code = 5}) return ok, e.code end)`, `try(function() local ok, e = pcall(error, "x", 0) return ok, e end)`,
		`try(function() return select(2, pcall(error)) end)`, `try(function() return xpcall(function() return 1, 2 end, print) end)`, `try(function() return xpcall(error, function(e) return "h" .. tostring(e) end) end)`,
		`try(coroutine.wrap(function(...) local a = coroutine.yield(...) return a end), 1, 2)`, `try(function() local f = coroutine.wrap(function() error("x", 0) end) return pcall(f) end)`,
		`try(function() local co co = coroutine.create(function() return coroutine.status(co), coroutine.resume(co) end) return coroutine.resume(co) end)`,
		`try(function() local a, b a = coroutine.create(function() return coroutine.resume(b) end) b = coroutine.create(function() return coroutine.status(a) end) return coroutine.resume(a) end)`,
		`try(function() local co = coroutine.create(function(x) while true do x = x + coroutine.yield(x) end end) return select(2, coroutine.resume(co, 1)), select(2, coroutine.resume(co, 5)), coroutine.status(co) end)`,
		`try(function() return coroutine.running() end)`, `try(function() return coroutine.wrap(function() return type(coroutine.running()) end)() end)`,
		`try(function() local t = {} for i = 1, 3 do t[i] = function() i = i + 1 return i end end return t[1](), t[1](), t[2]() end)`,
		`try(function() local n = 0 local function f() n = n + 1 if n == 2 then error("stop") end end pcall(f) pcall(f) f() return n end)`,
		`try(function() local s = 0 for k, v in pairs({1, 2, a = 3, [5.5] = 4}) do s = s + v end return s end)`, `try(function() local n = 0 for i, v in ipairs({1, 2, nil, 4}) do n = n + 1 end return n end)`,
		`try(function(...) return select("#", ...), arg end, nil, nil)`, `try(function() return #"abc", 7 % 3, -7 % 3, 2 ^ 10, 7 / 2, "10" + 5, 10 .. 20 end)`,
		`try(function() local t = setmetatable({}, {__index = {x = 1}, __newindex = function(t, k, v) rawset(t, k, v * 2) end, __len = function() return 9 end, __unm = function() return "neg" end, __concat = function(a, b) return "cat" end}) t.y = 4 return t.x, t.y, -t, t .. "a" end)`,
		`try(function() local mt = {__eq = function() return true end, __lt = function() return true end, __le = function() return false end} local a, b = setmetatable({}, mt), setmetatable({}, mt) return a == b, a < b, a <= b end)`,
	})
}
