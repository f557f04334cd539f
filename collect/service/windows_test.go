package service

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// readCSV reads PowerShell's output from testdata/windows.
func readCSV(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "windows", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A fakeHost is a host whose PowerShell prints a text; it keeps the script and the arguments.
type fakeHost struct {
	out       []byte
	err       error
	script    string
	arguments []string
}

func (h *fakeHost) powerShell(ctx context.Context, script string, arguments ...string) ([]byte, error) {
	h.script, h.arguments = script, slices.Clone(arguments)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return h.out, h.err
}

// windowsChecks returns the check types for Windows by name.
func windowsChecks(t testing.TB, ps powerShell) map[string]collect.Type {
	t.Helper()
	types := make(map[string]collect.Type)
	for _, typ := range append([]collect.Type{windowsPerfOSType(ps), mssqlVersionType(ps), mssqlDatabaseType(ps)}, mssqlCounterTypes(ps)...) {
		types[typ.Name] = typ
	}
	return types
}

var windowsTests = map[string]struct {
	readCSV string
	details schedule.Details
	metrics string
	values  map[string]string
	wrong   []collecttest.Wrong
}{
	"agent.windows_perfos": {
		readCSV: "perfos.csv",
		metrics: `uint32 - AlignmentFixupsPersec ContextSwitchesPersec ExceptionDispatchesPersec FileControlOperationsPersec FileDataOperationsPersec
			uint32 - FileReadOperationsPersec FileWriteOperationsPersec FloatingEmulationsPersec PercentRegistryQuotaInUse Processes ProcessorQueueLength
			uint32 - SystemCallsPersec Threads
			uint64 - FileControlBytesPersec FileReadBytesPersec FileWriteBytesPersec SystemUpTime`,
		values: map[string]string{"Processes": "128", "SystemUpTime": "8123456"},
	},
	"agent.mssql_version": {
		readCSV: "mssql_version.csv",
		metrics: `string - ProductVersion ProductLevel Edition`,
		values:  map[string]string{"ProductVersion": "15.0.2000.5", "Edition": "Express Edition (64-bit)"},
		wrong:   []collecttest.Wrong{{Details: schedule.Details{"serverinstance": `a";b`}, Status: `detail "serverinstance" is "a\";b", not a name of an instance`}},
	},
	"agent.mssql_database": {
		readCSV: "mssql_database.csv", details: schedule.Details{"db": "shop (new)"},
		metrics: `string - state_desc recovery_model_desc page_verify_option_desc
			int64 - state recovery_model page_verify_option size growth`,
		values: map[string]string{"state_desc": "ONLINE", "size": "1024", "recovery_model": "3"},
		wrong: []collecttest.Wrong{
			{Details: nil, Status: "Database unspecified"},
			{Details: schedule.Details{"db": ""}, Status: "Database unspecified"},
			{Details: schedule.Details{"db": "x' OR '1'='1"}, Status: `detail "db" is "x' OR '1'='1", not a name of a database`},
			{Details: schedule.Details{"db": "shop", "password": []any{}}, Status: `detail "password" is "a list or an object", not a text`},
		},
	},
	"agent.mssql_buffer_manager": {
		readCSV: "mssql_buffer_manager.csv",
		metrics: `int64 - background_writer_pages_per_sec buffer_cache_hit_ratio page_lookups_per_sec free_list_stalls_per_sec database_pages
			int64 - target_pages lazy_writes_per_sec readahead_pages_per_sec page_reads_per_sec page_writes_per_sec checkpoint_pages_per_sec page_life_expectancy`,
		values: map[string]string{"buffer_cache_hit_ratio": "100", "page_reads_per_sec": "2", "page_life_expectancy": "4127"},
		wrong:  []collecttest.Wrong{{Details: schedule.Details{"computer": "$(calc)"}, Status: `detail "computer" is "$(calc)", not a name of an instance`}},
	},
	"agent.mssql_sql_statistics": {
		readCSV: "mssql_sql_statistics.csv",
		metrics: `int64 - batch_requests_per_sec forced_parameterizations_per_sec auto_param_attempts_per_sec failed_auto_params_per_sec
			int64 - safe_auto_params_per_sec unsafe_auto_params_per_sec sql_compilations_per_sec sql_re_compilations_per_sec sql_attention_rate
			int64 - guided_plan_executions_per_sec misguided_plan_executions_per_sec`,
		values: map[string]string{"batch_requests_per_sec": "12", "sql_compilations_per_sec": "4"},
	},
	"agent.mssql_memory_manager": {
		readCSV: "mssql_memory_manager.csv",
		metrics: `int64 kilobytes connection_memory database_cache_memory free_memory granted_workspace_memory optimizer_memory sql_cache_memory
			int64 kilobytes stolen_server_memory target_server_memory total_server_memory
			int64 - lock_blocks memory_grants_outstanding memory_grants_pending`,
		values: map[string]string{"total_server_memory": "129456"},
	},
	"agent.mssql_plan_cache": {
		readCSV: "mssql_plan_cache.csv",
		metrics: func() string {
			var table strings.Builder
			for _, plans := range []string{"temporary_tables_&_table_variables", "extended_stored_procedures", "bound_trees", "sql_plans", "object_plans", "total"} {
				for _, counter := range []string{"hit_ratio", "pages", "object_counts", "objects_in_use"} {
					table.WriteString("int64 - " + plans + "_cache_" + counter + "\n")
				}
			}
			return table.String()
		}(),
		values: map[string]string{"bound_trees_cache_hit_ratio": "64", "total_cache_pages": "248"},
	},
}

func TestWindowsConform(t *testing.T) {
	for name, test := range windowsTests {
		t.Run(name, func(t *testing.T) {
			// The suite runs checks in parallel, so no fakeHost.
			out := readCSV(t, test.readCSV)
			typ := windowsChecks(t, func(context.Context, string, ...string) ([]byte, error) { return out, nil })[name]
			collecttest.Conform(t, collecttest.Subject{Type: typ, Details: test.details, Metrics: parseTable(test.metrics), Wrong: test.wrong})
			seen := metricsOf(t, typ, test.details)
			for metric, value := range test.values {
				if seen[metric].Value != value {
					t.Errorf("%s: %+v, want %s", metric, seen[metric], value)
				}
			}
		})
	}
}

// TestWindowsOnly: on other systems the status names Windows, whatever the details.
func TestWindowsOnly(t *testing.T) {
	for name, typ := range windowsChecks(t, nil) {
		unavailable(t, typ, nil, name+" available only on Windows platforms")
	}
	listed := make(map[string]bool)
	for _, typ := range Types() {
		listed[typ.Name] = true
	}
	for name := range windowsTests {
		if !listed[name] {
			t.Errorf("%s is not among the types", name)
		}
	}
}

// TestWindowsScriptsAreConstant: details are arguments, never part of the script.
func TestWindowsScriptsAreConstant(t *testing.T) {
	h := &fakeHost{out: readCSV(t, "mssql_version.csv")}
	types := windowsChecks(t, h.powerShell)
	for name, test := range map[string]struct {
		details schedule.Details
		want    []string
	}{
		"agent.mssql_version": {schedule.Details{"serverinstance": `DB1\SHOP,1433`, "hostname": "h'", "username": `u"$x`, "password": "p`'\n"},
			[]string{mssqlVersionQuery, "", `DB1\SHOP,1433`, "h'", `u"$x`, "p`'\n"}},
		"agent.mssql_database":       {schedule.Details{"db": "Kunden $(x) größer"}, []string{mssqlDatabaseQuery, "Kunden $(x) größer", "", "", "", ""}},
		"agent.mssql_plan_cache":     {schedule.Details{"serverinstance": "MSSQL$SHOP", "computer": "db1.example.com"}, []string{`Plan Cache(*)\*`, "MSSQL$SHOP", "db1.example.com", ""}},
		"agent.mssql_memory_manager": {nil, []string{`Memory Manager\*`, "", "", ""}},
		"agent.windows_perfos":       {schedule.Details{"whatever": "x"}, nil},
	} {
		runCheck(t, types[name], test.details, time.Minute)
		if !slices.Equal(h.arguments, test.want) {
			t.Errorf("%s: %q, want %q", name, h.arguments, test.want)
		}
		if constant := []string{mssqlQueryScript, mssqlCounterScript, windowsPerfOSScript}; !slices.Contains(constant, h.script) {
			t.Errorf("%s: the script depends on the details: %s", name, h.script)
		}
		var back []string
		for line := range strings.Lines(powerShellInput(h.arguments)) {
			text, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n"))
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, string(text))
		}
		if !slices.Equal(back, test.want) {
			t.Errorf("%s: the script's input is %q", name, back)
		}
	}
}

// The name of an instance begins the path of the counters, which can be that of another host: the rules of
// an owner compare the host in the detail computer alone.
func TestEndpointCannotNameHostsInCounterPaths(t *testing.T) {
	h := &fakeHost{out: readCSV(t, "mssql_version.csv")}
	for _, instance := range []string{`\evil.example\SQLServer`, `\\evil.example\SQLServer`, `a\..\b`} {
		unavailable(t, windowsChecks(t, h.powerShell)["agent.mssql_plan_cache"], schedule.Details{"serverinstance": instance},
			fmt.Sprintf(`detail "serverinstance" is %q, not a name of an instance in the counters' paths`, instance))
		if h.script != "" {
			t.Errorf("%s: the script ran with %q", instance, h.arguments)
		}
	}
}

func TestWindowsErrors(t *testing.T) {
	for name, test := range map[string]struct {
		host   fakeHost
		status string
	}{
		"error of the script": {fakeHost{out: readCSV(t, "error.csv")},
			`A network-related or instance-specific error occurred while establishing a connection to SQL Server. The server was not found: "(local)"`},
		"no output":    {fakeHost{}, "PowerShell printed nothing"},
		"no CSV":       {fakeHost{out: []byte("Windows PowerShell\r\nCopyright")}, `PowerShell's output is not CSV: "Windows PowerShell"`},
		"the password": {fakeHost{err: errors.New("login with pa55word!\nfailed")}, "login with *** failed"},
		"quotes":       {fakeHost{out: []byte("\"Name\",\"Value\"\r\n\"__VIRGO_ERROR\",\"pa55word! \"\"x\"\" is wrong\"\r\n")}, `*** "x" is wrong`},
	} {
		t.Run(name, func(t *testing.T) {
			unavailable(t, windowsChecks(t, test.host.powerShell)["agent.mssql_version"], schedule.Details{"password": "pa55word!"}, test.status)
		})
	}
	h := fakeHost{out: []byte("\"Name\",\"Value\",\"Type\"\r\n")}
	unavailable(t, windowsChecks(t, h.powerShell)["agent.mssql_database"], schedule.Details{"db": "none"}, "No such database: none")
	many := fakeHost{out: []byte("Name,Value,Type\n" + strings.Repeat("a,1,int\n", maxPowerShellRows+1))}
	unavailable(t, windowsChecks(t, many.powerShell)["agent.windows_perfos"], nil, "PowerShell printed more than 5000 rows")
}

// TestPowerShellEncodings: output is parsed in every encoding.
func TestPowerShellEncodings(t *testing.T) {
	out := string(readCSV(t, "mssql_plan_cache.csv"))
	want, err := parsePowerShell([]byte(out))
	if err != nil || len(want) != 24 {
		t.Fatal(len(want), err)
	}
	units := utf16.Encode([]rune(out))
	encode := func(head []byte, order binary.AppendByteOrder) []byte {
		for _, u := range units {
			head = order.AppendUint16(head, u)
		}
		return head
	}
	for name, data := range map[string][]byte{
		"UTF-8 with a mark": []byte("\ufeff" + out),
		"without a header":  []byte(out[strings.Index(out, "\n")+1:]),
		"bare line ends":    []byte(strings.ReplaceAll(out, "\r\n", "\n")),
		"UTF-16":            encode([]byte{0xff, 0xfe}, binary.LittleEndian),
		"UTF-16, big":       encode([]byte{0xfe, 0xff}, binary.BigEndian),
		"UTF-16, no mark":   encode(nil, binary.LittleEndian),
	} {
		if got, err := parsePowerShell(data); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	script, err := base64.StdEncoding.DecodeString(encodePowerShell("a😀"))
	if err != nil || !bytes.Contains(script, []byte("t\x00r\x00y\x00 \x00{\x00\n\x00a\x00\x3d\xd8\x00\xde\n\x00}\x00 \x00c\x00a\x00t\x00c\x00h\x00")) {
		t.Errorf("%q, %v", script, err)
	}
}

func FuzzPowerShell(f *testing.F) {
	for _, test := range windowsTests {
		f.Add(readCSV(f, test.readCSV))
	}
	f.Add(readCSV(f, "error.csv"))
	f.Fuzz(func(t *testing.T, out []byte) {
		rows, err := parsePowerShell(out)
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q", err)
		}
		for _, metrics := range [][]collect.Metric{windowsPerfOSMetrics(rows), mssqlMetrics(rows), mssqlCounterMetrics(rows)} {
			for _, m := range metrics {
				if !m.Valid() || m.Name == "" {
					t.Errorf("%+v", m)
				}
			}
		}
	})
}
