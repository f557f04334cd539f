//go:build unix

package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// virgo-run does what virgo run does: the same exit code, output, files, results and requests, in
// every situation of the tables. Where the situation does not need it, there is no virgo beside
// virgo-run.
func TestSameRun(t *testing.T) {
	for group, situations := range map[string][]situation{
		"command line": commandLines(), "environment": environments(), "configuration": configurations(),
		"checks": localChecks(), "state": states(t), "delivery": deliveries(),
	} {
		t.Run(group, func(t *testing.T) {
			for _, s := range situations {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					testSameRun(t, &s)
				})
			}
		})
	}
}

func testSameRun(t *testing.T, s *situation) {
	dir := programs(t)
	small := filepath.Join(dir, aloneDir, "virgo-run")
	if s.needsVirgo {
		small = filepath.Join(dir, "virgo-run")
	}
	at := hostFolder(t)
	want := newHost(t, at, s).run(s, filepath.Join(dir, "virgo"), append([]string{"run"}, s.args...)...)
	if want.Code != s.code || s.stderr == "" && want.Stderr != "" || !strings.Contains(want.Stderr, s.stderr) {
		t.Fatalf("virgo run ended with %d and printed %q, want %d and %q", want.Code, want.Stderr, s.code, s.stderr)
	}
	if err := os.Rename(at, at+" of virgo"); err != nil { // so that paths in messages are the same
		t.Fatal(err)
	}
	got := newHost(t, at, s).run(s, small, s.args...)
	for i, field := range reflect.VisibleFields(reflect.TypeFor[effect]()) {
		g, w := reflect.ValueOf(got).Field(i).Interface(), reflect.ValueOf(want).Field(i).Interface()
		if !reflect.DeepEqual(g, w) {
			t.Errorf("%s:\n%s", field.Name, firstDifference(fmt.Sprint(g), fmt.Sprint(w)))
		}
	}
}

// firstDifference returns the first line of what virgo-run did that differs, and that of virgo run.
func firstDifference(got, want string) string {
	for {
		g, restG, moreG := strings.Cut(got, "\n")
		w, restW, moreW := strings.Cut(want, "\n")
		if g != w || !moreG || !moreW {
			return fmt.Sprintf("virgo-run: %s\nvirgo run: %s", g, w)
		}
		got, want = restG, restW
	}
}

// splitArgs makes a situation for each command line, in which words are separated by spaces; "”" is
// an empty one.
func splitArgs(like situation, lines ...string) []situation {
	var all []situation
	for _, line := range lines {
		s := like
		s.name = strings.ReplaceAll(line, "/D", "")
		s.args = strings.Fields(line)
		for i, arg := range s.args {
			if arg == "''" {
				s.args[i] = ""
			}
		}
		all = append(all, s)
	}
	return all
}

func join(groups ...[]situation) []situation {
	var all []situation
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

func commandLines() []situation {
	other := with("other.yaml", "agent_id: other\n", "plugins2/p", "")
	return join(
		splitArgs(situation{files: other},
			"", "--no-deliver", "--no-deliver=true", "--config /D/other.yaml", "--config=/D/other.yaml",
			"--config=/D/absent.yaml --config=/D/other.yaml", "--config=other.yaml", "--config=", "--config ''",
			"--state=/D/second", "--state /D/second", "--state=second", "--state=/D/first --state=/D/second", "--state=", "--state ''",
			"--plugins=/D/plugins2", "--plugins=", "--deadline=20s", "--deadline 20s", "--deadline=0s --deadline=1m30s", "--deadline=20000ms",
			"--splay=0s", "--splay=0", "--splay=59s --splay=1ms", "--splay=1ms --splay=0s --splay=0s",
		),
		splitArgs(situation{files: other, needsVirgo: true},
			"--verbose=false", "--no-deliver=false", "--no-deliver=1", "--json", "--json --no-deliver", "--json=false", "--all",
			"--checks-program=/nowhere", "--checks-program /nowhere --config /D/other.yaml", "--config=-x --config=/D/other.yaml", "--",
			"--all", "--all --no-deliver", "--version=1",
		),
		splitArgs(situation{code: 2, stderr: `"error":"`, needsVirgo: true}, "--json --strict", "--json extra"),
		splitArgs(situation{stderr: "CLOCK check mem"}, "-v", "--verbose", "--verbose=true", "-v -v", "-v --verbose --no-deliver"),
		splitArgs(situation{stderr: "CLOCK check mem", needsVirgo: true},
			"-vv", "--verbose=yes", "--verbose=TRUE", "-v --json", "--json -v"),
		splitArgs(situation{code: 2, stderr: "virgo: error: "},
			"--strict", "--strict=true", "--no-deliver --strict", "--config=/D/absent.yaml", "--config /D", "--deadline=0s", "--deadline=-1s",
			"--state=/D/virgo.yaml", "--state=/D/virgo.yaml/below"),
		splitArgs(situation{code: 2, stderr: "virgo: error: ", needsVirgo: true},
			"--strict=yes --no-deliver=no", "--nonsense", "--nonsense=1", "--nonsense --verbose", "-x", "-vx", "-config=/D/virgo.yaml", "--conf=/D/virgo.yaml",
			"--Config=/D/virgo.yaml", "extra", "run", "status", "--no-deliver extra", "extra --no-deliver", "-- extra", "-- --strict", "-", "---strict",
			"--=", "-=", "''", "--config", "--config --strict", "--config -v", "--config=-x", "--state -x", "--plugins --", "--deadline", "--deadline=",
			"--deadline=5", "--deadline=abc", "--deadline --strict", "--deadline=abc --deadline=5s", "--splay=60s", "--splay=70s", "--splay=-1s", "--splay=",
			"--splay=true", "--splay=false", "--splay 5s", "--splay=0s 5s", "--splay=70s --splay=0s", "--verbose=maybe", "--verbose=", "-v=true", "-v=1", "-v=", "--v", "--strict=maybe", "--strict=",
			"--no-strict", "--no-no-deliver", "--json=maybe", "--token=x", "--splay=1h", "--verbose true"),
	)
}

// variables makes a situation for each list of variables, which are separated by spaces.
func variables(like situation, lines ...string) []situation {
	var all []situation
	for _, line := range lines {
		s := like
		s.name, s.env = strings.ReplaceAll(line, "/D", ""), strings.Fields(line)
		all = append(all, s)
	}
	return all
}

func environments() []situation {
	const check = "id: load\ntype: agent.load_average\nperiod: 86400\n"
	files := with("other.yaml", "agent_id: other\n",
		"home/.config/virgo/virgo.yaml", "agent_id: home\n", "home/.config/virgo/checks.d/load.yaml", check,
		"xdg/virgo/virgo.yaml", "agent_id: xdg\n", "xdg/virgo/checks.d/load.yaml", check)
	return join(
		variables(situation{files: files},
			"GOMAXPROCS=1", "GOMAXPROCS=4", "VIRGO_VERBOSE=0", "VIRGO_VERBOSE=false", "VIRGO_JSON=0", "VIRGO_JSON=false",
			"VIRGO_CONFIG", "VIRGO_CONFIG=", "VIRGO_CONFIG=/D/other.yaml", "VIRGO_CONFIG=other.yaml", "VIRGO_CONFIG XDG_CONFIG_HOME=/D/xdg",
			"VIRGO_CONFIG XDG_CONFIG_HOME=xdg", "VIRGO_STATE", "VIRGO_STATE=", "VIRGO_STATE=second", "VIRGO_STATE=-x", "VIRGO_STATE XDG_STATE_HOME=/D/state",
			"VIRGO_PLUGINS", "VIRGO_PLUGINS=", "VIRGO_CONFIG VIRGO_STATE VIRGO_PLUGINS", "VIRGO_DEADLINE=20s", "VIRGO_DEADLINE=",
			"VIRGO_TOKEN=t", "VIRGO_TOKEN=", "VIRGO_AGENT_ID=variable", "VIRGO_SPOOL_MAX_BYTES=1MiB", "VIRGO_NONSENSE=1", "VIRGO_CHECKS_PROGRAM=/nowhere",
			"HTTPS_PROXY=http://127.0.0.1:1", "VIRGO_SPLAY=70s", "VIRGO_STRICT=1", "VIRGO_NO_DELIVER=1"),
		variables(situation{files: files, stderr: "CLOCK check mem"}, "VIRGO_VERBOSE=1", "VIRGO_VERBOSE=true"),
		variables(situation{files: files, stderr: "CLOCK check mem", needsVirgo: true}, "VIRGO_VERBOSE=TRUE", "VIRGO_VERBOSE=yes", "VIRGO_VERBOSE=1 VIRGO_JSON=1"),
		variables(situation{files: files, needsVirgo: true}, "VIRGO_VERBOSE=no", "VIRGO_JSON=1", "VIRGO_JSON=true", "VIRGO_JSON=yes", "VIRGO_JSON=no", "VIRGO_JSON=FALSE"),
		variables(situation{files: files, stderr: "not delivered"}, "VIRGO_ENDPOINT=127.0.0.1:1 VIRGO_TOKEN=t"),
		variables(situation{files: files, code: 2, stderr: "virgo: error: "},
			"VIRGO_CONFIG=/D/absent.yaml", "VIRGO_CONFIG=/D", "VIRGO_STATE=/D/virgo.yaml", "VIRGO_ENDPOINT=nonsense", "VIRGO_PIN=short",
			"VIRGO_ENDPOINT=127.0.0.1:1 VIRGO_ENDPOINTS=127.0.0.1:2"),
		variables(situation{files: files, stderr: "(ignored, as if it were not set)"},
			"VIRGO_DEADLINE=0s", "VIRGO_DEADLINE=nonsense", "VIRGO_DEADLINE=25h", "VIRGO_SPOOL_MAX_BYTES=-1"),
		variables(situation{files: files, stderr: "not delivered"}, "VIRGO_ENDPOINTS=127.0.0.1:1,127.0.0.1:2 VIRGO_TOKEN=t"),
		variables(situation{files: files, code: 2, stderr: "virgo: error: ", needsVirgo: true},
			"VIRGO_VERBOSE=", "VIRGO_VERBOSE=maybe", "VIRGO_JSON=", "VIRGO_JSON=maybe", "VIRGO_VERBOSE=no VIRGO_CONFIG=/D/absent.yaml"),
		variables(situation{files: files, code: 2, stderr: `"error":"`, needsVirgo: true}, "VIRGO_JSON=1 VIRGO_PIN=nonsense"),
		variables(situation{files: files, stderr: `"notice":"`, needsVirgo: true}, "VIRGO_JSON=1 VIRGO_DEADLINE=nonsense"),
	)
}

func configurations() []situation {
	file := func(name, text string, like situation) situation {
		like.name, like.files = name, with("virgo.yaml", text)
		return like
	}
	fine, handed := situation{}, situation{needsVirgo: true}
	wrong := situation{code: 2, stderr: "virgo: error: "}
	wrongHanded := situation{code: 2, stderr: "virgo: error: ", needsVirgo: true}
	ignored := situation{stderr: "(ignored, as if it were not set)"}
	ignoredHanded := situation{stderr: ignored.stderr, needsVirgo: true}
	away := situation{stderr: "not delivered"}
	chmod := func(mode fs.FileMode) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Chmod(filepath.Join(dir, "virgo.yaml"), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	loose, unreadable, folder := wrong, wrong, wrong
	loose.prepare, loose.stderr, unreadable.prepare = chmod(0o644), "hint: chmod 600", chmod(0)
	folder.prepare = func(t *testing.T, dir string) {
		if err := os.Mkdir(filepath.Join(dir, "virgo.yaml"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	quiet := situation{stderr: "has no counterpart", args: []string{"-v"}}
	return []situation{
		file("empty", "", fine), file("a comment", "# nothing\n", fine), file("blanks at ends", "agent_id: a  \n\n", fine),
		file("plain", "agent_id: a\nspool:\n  max_bytes: 1MiB\ndeadline: 20s\nconcurrency: 3\n", fine),
		file("an endpoint", "agent_id: a\nendpoint: 127.0.0.1:1\ntoken: secret\n", away),
		file("endpoints", "agent_id: a\nendpoints:\n- 127.0.0.1:1\n- 127.0.0.1:2\ntoken: secret\n", away),
		file("endpoints in brackets", "agent_id: a\nendpoints: [127.0.0.1:1, 127.0.0.1:2]\ntoken: secret\n", away),
		file("byte order mark", "\ufeffagent_id: a\n", fine),
		file("legacy", "monitoring_token secret\nmonitoring_id a\n", fine), file("legacy, unknown", "monitoring_id a\nmonitoring_upgrade true\n", quiet),
		file("legacy, wrong", "monitoring_id a\nmonitoring_endpoints nonsense\n", wrong), file("legacy, no value", "monitoring_id\n", wrong),
		file("an anchor", "agent_id: &a a\nagent_name: *a\n", wrongHanded), file("a tag", "agent_id: !!str a\n", wrongHanded),
		file("flow style", "{agent_id: a, spool: {max_bytes: 1MiB}}\n", handed), file("a literal", "agent_id: |-\n  a\n", handed),
		file("a quoted key", "\"agent_id\": a\n", handed), file("CRLF", "agent_id: a\r\n", handed), file("an escape", "agent_id: \"\\x61\"\n", handed),
		file("document start", "---\nagent_id: a\n", handed), file("two documents", "agent_id: a\n---\nagent_id: b\n", wrongHanded),
		file("duplicate key", "agent_id: a\nagent_id: b\n", wrongHanded), file("a tab", "spool:\n\tmax_bytes: 1MiB\n", wrongHanded),
		file("an open quote", "token: \"secret\nagent_id: a\n", wrongHanded), file("no YAML", "\x00\x01\xff", wrongHanded),
		file("flow style, wrong key", "{agent_id: a, endpiont: b}\n", wrongHanded), file("flow style, deadline", "{agent_id: a, deadline: 0s}\n", ignoredHanded),
		file("wrong key", "agent_id: a\nendpiont: b\n", wrong), file("wrong value", "agent_id: a\ndeadline: never\n", ignored),
		file("a list where text belongs", "agent_id:\n- a\n", wrong), file("text where a group belongs", "spool: 5\n", ignored),
		file("a list", "- agent_id\n", wrong), file("a scalar", "agent_id\n", wrongHanded), file("too large", strings.Repeat("# long\n", 5000), wrong),
		file("secret with mode 0644", "agent_id: a\ntoken: secret\n", loose), file("unreadable", "agent_id: a\n", unreadable),
		{name: "a folder", files: with("virgo.yaml", "-"), prepare: folder.prepare, code: 2, stderr: "virgo: error: "},
		{name: "named and absent", files: with("virgo.yaml", "-"), code: 2, stderr: "hint: virgo setup"},
		{name: "absent", files: with("virgo.yaml", "-"), env: []string{"VIRGO_CONFIG"}},
		{
			name: "a pipe", files: with("virgo.yaml", "-"), code: 2, stderr: "virgo: error: ",
			prepare: func(t *testing.T, dir string) { makePipe(t, filepath.Join(dir, "virgo.yaml")) },
		},
		{
			name: "a link to nothing", files: with("virgo.yaml", "-"), code: 2, stderr: "virgo: error: ",
			prepare: func(t *testing.T, dir string) {
				if err := os.Symlink("nothing", filepath.Join(dir, "virgo.yaml")); err != nil {
					t.Fatal(err)
				}
			},
		},
		file("token from a file", "agent_id: a\nendpoint: 127.0.0.1:1\ntoken: file:absent\n", situation{code: 2, stderr: "not delivered: reading the token"}),
		file("token from the environment", "agent_id: a\nendpoint: 127.0.0.1:1\ntoken: env:T\n", situation{env: []string{"T=secret"}, stderr: "not delivered"}),
	}
}

func makePipe(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// localChecks are checks.d. A mistake in a check is in a result of the run, see package schedule.
func localChecks() []situation {
	checks := func(name, text string, like situation) situation {
		like.name, like.files = name, with("checks.d/mem.yaml", text, "plugins/ok", "#!/bin/sh\necho status ok\necho metric a int 1\n", "plugins/bad", "#!/bin/sh\nexit 7\n")
		return like
	}
	fine, handed := situation{}, situation{needsVirgo: true}
	const list = "- id: a\n  type: agent.memory\n  period: 86400\n- id: b\n  type: agent.load_average\n  period: 86400\n"
	return []situation{
		checks("empty", "", fine), checks("a list", list, fine), checks("not *.yaml", "", fine),
		checks("a plugin", "id: a\ntype: agent.plugin\nperiod: 86400\ndetails:\n  file: ok\n", fine),
		checks("a plugin that fails", "id: a\ntype: agent.plugin\nperiod: 86400\ndetails:\n  file: bad\n", fine),
		checks("no plugin", "id: a\ntype: agent.plugin\nperiod: 86400\ndetails:\n  file: absent\n", fine),
		checks("an unknown type", "id: a\ntype: agent.nonsense\nperiod: 86400\n", fine),
		checks("an unknown detail", "id: a\ntype: agent.memory\nperiod: 86400\ndetails:\n  nonsense: 1\n", fine),
		checks("a service", "id: a\ntype: remote.tcp\nperiod: 86400\ntimeout: 5\ndetails:\n  target: 127.0.0.1\n  port: 1\n", handed),
		checks("flow style", "{id: a, type: agent.memory, period: 86400}\n", handed),
		checks("a flow style list of checks", "[{id: a, type: agent.memory, period: 86400}]\n", handed),
		checks("flow style details", "id: a\ntype: agent.plugin\nperiod: 86400\ndetails: {file: ok, args: [\"-w\", \"5\"]}\n", fine),
		checks("CRLF", strings.ReplaceAll(list, "\n", "\r\n"), handed),
		checks("wrong key", "id: a\ntype: agent.memory\nperod: 86400\n", fine), checks("no type", "id: a\nperiod: 86400\n", fine),
		checks("wrong period", "id: a\ntype: agent.memory\nperiod: 0\n", fine), checks("duplicate id", list+list, fine),
		checks("an anchor", "id: &a a\ntype: agent.memory\n", handed), checks("no YAML", "{{{", handed),
		checks("flow style, wrong key", "{id: a, type: agent.memory, perod: 86400}\n", handed),
		{name: "*.yml", files: with("checks.d/a.yml", "")},
		{name: "an id twice", files: with("checks.d/two.yaml", "id: mem\ntype: agent.memory\nperiod: 86400\n")},
		{name: "hidden files and folders", files: with("checks.d/.hidden.yaml", "{{{", "checks.d/folder.yaml/a.yaml", "{{{")},
		{name: "plain and not", files: with("checks.d/a.yaml", "{id: a, type: agent.memory, period: 86400}\n"), needsVirgo: true},
		{name: "plain and wrong", files: with("checks.d/a.yaml", "{id: a, type: agent.memory, period: 86400}\n", "checks.d/b.yaml", "nonsense: 1\n"), needsVirgo: true},
		{name: "flow style and --verbose", args: []string{"-v"}, files: with("checks.d/mem.yaml", "{id: mem, type: agent.memory, period: 86400}\n"), needsVirgo: true, stderr: "CLOCK check mem"},
		{
			name:    "a pipe",
			prepare: func(t *testing.T, dir string) { makePipe(t, filepath.Join(dir, "checks.d", "pipe.yaml")) },
		},
		{
			name: "unreadable",
			prepare: func(t *testing.T, dir string) {
				if err := os.Chmod(filepath.Join(dir, "checks.d"), 0); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.Chmod(filepath.Join(dir, "checks.d"), 0o755) })
			},
		},
	}
}

// spoolPage is the size of a page of the spool's file, see package boltfile.
const spoolPage = 4096

func states(t *testing.T) []situation {
	sample := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("..", "..", "spool", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	state := func(mode fs.FileMode, db []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			folder := filepath.Join(dir, "state")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if db != nil {
				writeFile(t, filepath.Join(folder, "virgo.db"), db, 0o600)
			}
			if err := os.Chmod(folder, mode); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(folder, 0o700) })
		}
	}
	newer, holed := sample("format2.db"), sample("format2.db")
	for page := range 2 {
		binary.NativeEndian.PutUint32(newer[page*spoolPage+16+4:], 3)
	}
	for i := 2 * spoolPage; i < len(holed); i += 64 {
		holed[i] ^= 0xff
	}
	all := []situation{
		{name: "an empty folder", prepare: state(0o700, nil)},
		{name: "format 1", prepare: state(0o700, sample("format1.db"))},
		{name: "format 2", prepare: state(0o700, sample("format2.db"))},
		{name: "a newer format", prepare: state(0o700, newer), code: 1, stderr: "newer"},
		{name: "holes", prepare: state(0o700, holed), code: 5, stderr: "the spool was damaged"},
		{name: "truncated", prepare: state(0o700, sample("format2.db")[:3*spoolPage+100]), code: 5, stderr: "the spool was damaged"},
		{name: "no database", prepare: state(0o700, []byte("This is no database at all.")), code: 5, stderr: "the spool was damaged"},
		{name: "an empty file", prepare: state(0o700, []byte{})},
		{name: "mode 0755", prepare: state(0o755, nil), code: 2, stderr: "hint: chmod 700"},
		{name: "read-only", prepare: state(0o500, nil), code: 5, stderr: "lost"},
		{name: "a link to a folder", prepare: func(t *testing.T, dir string) {
			if err := os.Symlink("home", filepath.Join(dir, "state")); err != nil {
				t.Fatal(err)
			}
		}, code: 2, stderr: "virgo: error: "},
	}
	// The state is looked at before the checks, which virgo must read.
	for i := range all[:len(all):len(all)] {
		s := all[i]
		s.name, s.needsVirgo = s.name+", handed over", true
		s.files = with("checks.d/mem.yaml", "{id: mem, type: agent.memory, period: 86400}\n")
		all = append(all, s)
	}
	return all
}

func deliveries() []situation {
	const relation = "endpoint: ENDPOINT\npin: PIN\ntoken: secret\nagent_id: same\n"
	configured := with("virgo.yaml", relation)
	flow := with("virgo.yaml", "{endpoint: 'ENDPOINT', pin: 'PIN', token: secret, agent_id: same}\n")
	checks := json.RawMessage(`[{"id": "load", "type": "agent.load_average", "period": 86400, "timeout": 5}, {"id": "none", "type": "agent.nonsense", "period": 86400}]`)
	half := json.RawMessage(`[{"id": "zero", "type": "agent.cpu", "period": 0}, {"id": "load", "type": "agent.load_average", "period": 86400}]`)
	modern := transporttest.Script{Features: []string{"pipelining", "result_id", "schedule_hash"}, Schedule: checks}
	denied := transporttest.Script{Token: "another"}
	asking := transporttest.Script{Requests: []transporttest.Request{
		{Method: transport.MethodSystemInfo},
		{Method: transport.MethodCheckTest, Params: json.RawMessage(`{"type": "agent.memory"}`)},
		{Method: transport.MethodCheckTargets, Params: json.RawMessage(`{"type": "agent.filesystem"}`)},
		{Method: transport.MethodHostInfoTypes},
	}}
	strict := []string{"--strict"}
	return []situation{
		{name: "delivered", files: configured, endpoint: &modern},
		{name: "delivered, strict", files: configured, endpoint: &modern, args: strict},
		{name: "delivered, --json", files: configured, endpoint: &modern, args: []string{"--json"}, needsVirgo: true},
		{name: "delivered, flow style", files: flow, endpoint: &modern, args: strict, needsVirgo: true},
		{name: "an original endpoint", files: configured, endpoint: &transporttest.Script{Schedule: half}, args: strict},
		{name: "--no-deliver", files: configured, endpoint: &modern, args: []string{"--no-deliver"}},
		{name: "--no-deliver --strict", files: configured, endpoint: &modern, args: []string{"--no-deliver", "--strict"}, code: 2, stderr: "virgo: error: "},
		{name: "nobody there", files: configured, stderr: "not delivered"},
		{name: "nobody there, strict", files: configured, args: strict, code: 4, stderr: "not delivered"},
		{name: "nobody there, flow style, strict", files: flow, args: strict, code: 4, stderr: "not delivered", needsVirgo: true},
		{name: "token refused", files: configured, endpoint: &denied, stderr: "not delivered"},
		{name: "token refused, strict", files: configured, endpoint: &denied, args: strict, code: 4, stderr: "not delivered"},
		{name: "wrong pin", files: with("virgo.yaml", relation+"backup_pin: PIN\n", "virgo.yaml", strings.ReplaceAll(relation, "PIN", "sha256:"+strings.Repeat("0b", 32))), endpoint: &modern, stderr: "not delivered"},
		{name: "results refused", files: configured, endpoint: &transporttest.Script{Reject: map[int]transport.Error{1: {Code: 400, Message: "no"}}}},
		{name: "a bad schedule", files: configured, endpoint: &transporttest.Script{Schedule: json.RawMessage(`"soon"`)}, stderr: "schedule"},
		{name: "an endpoint that asks", files: configured, endpoint: &asking, needsVirgo: true},
	}
}
