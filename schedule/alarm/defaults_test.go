package alarm

import (
	"strconv"
	"testing"
	"time"

	"virgo/schedule/yaml/full"
)

func TestDefaultSetParses(t *testing.T) {
	rules, problems := Defaults(full.Parse)
	for _, p := range problems {
		t.Error(p.Err)
	}
	if len(rules) < 10 {
		t.Errorf("only %d rules", len(rules))
	}
}

// TestDefaultRulesOfChecks judges each rule by real results, as they are and with the values changed that
// it is about.
func TestDefaultRulesOfChecks(t *testing.T) {
	type change = map[string]string
	rules := mustDefaults(t)
	for _, c := range []struct {
		rule, check string
		changes     []change
		want        State
		text        string
	}{
		{"disk", "agent.filesystem", nil, OK, "disk / 49.2 % full (limit 90 %), 46.3 GiB free"},
		{"disk", "agent.filesystem", []change{{"used": "91", "avail": "9"}}, Warning, "disk / 91 % full (limit 90 %), 9 KiB free"},
		{"disk", "agent.filesystem", []change{{"used": "90", "avail": "10"}}, OK, "disk / 90 % full (limit 90 %), 10 KiB free"},
		{"disk", "agent.filesystem", []change{{"used": "98", "avail": "2"}}, Critical, "disk / 98 % full (limit 97 %), 2 KiB free"},
		{"disk", "agent.filesystem", []change{{"used": "0", "avail": "0"}}, Unknown, "a share of 0"},
		{"memory", "agent.memory", nil, OK, "memory 2.9 % used (limit 90 %), 22.9 GiB free"},
		{"memory", "agent.memory", []change{{"actual_free": "2000000000"}}, Warning, "memory 92.1 % used (limit 90 %), 1.86 GiB free"},
		{"memory", "agent.memory", []change{{"actual_free": "100000000"}}, Critical, "memory 99.6 % used (limit 97 %), 95.4 MiB free"},
		{"memory-limit", "agent.memory", nil, OK, "memory of the control group"},
		{
			"memory-limit", "agent.memory",
			[]change{{"cgroup_memory_limit": "1073741824", "cgroup_memory_available": "53687091"}},
			Warning, "95 % of the 1 GiB of memory used that the control group allows (limit 90 %)",
		},
		{"swap", "agent.memory", nil, OK, "swap"},
		{"swap", "agent.memory", []change{{"swap_total": "1000", "swap_used": "900"}}, Unknown, "swap_page_in has no earlier number"},
		{
			"swap", "agent.memory",
			[]change{{"swap_total": "1000", "swap_used": "900"}, {"swap_total": "1000", "swap_used": "900", "swap_page_in": "600"}},
			Warning, "swap 90 % used (limit 80 %) and being read",
		},
		{"load", "agent.load_average", nil, OK, "load 3.93 over 5 minutes (limit 4, from the number of processors)"},
		{"load", "agent.load_average", []change{{"5m": "4.1"}}, Warning, "load 4.1 over 5 minutes (limit 4, from the number of processors)"},
		{"load", "agent.load_average", []change{{"5m": "11"}}, Critical, "load 11 over 5 minutes (limit 10, from the number of processors)"},
		{"certificate", "remote.http", nil, OK, "shop: the certificate ends in 30 days"},
		{"certificate", "remote.http", []change{{"cert_end_in": "1000000"}}, Warning, "shop: the certificate ends in 12 days"},
		{"certificate", "remote.http", []change{{"cert_end_in": "-10"}}, Critical, "shop: the certificate ends in -10 s"},
		{"unavailable", "agent.memory", nil, OK, "check shop: success"},
		{"unavailable", "agent.redis", nil, Warning, "check shop: Connection refused by localhost:6379"},
		{"lost", "agent.virgo", nil, OK, "lost results"},
		{"lost", "agent.virgo", []change{{"dropped_size": "3"}}, OK, "0 results were lost on the host"},
		{"lost", "agent.virgo", []change{{"dropped_size": "3"}, {"dropped_size": "10"}}, Warning, "7 results were lost on the host"},
		{"loss", "agent.redis", nil, Warning, ""},
	} {
		rule := *ruleByID(t, rules, c.rule)
		m := NewMemory(Needs([]Rule{rule}))
		if c.changes == nil {
			c.changes = []change{nil}
		}
		for minute, changed := range c.changes {
			m.Add(captured(t, c.check, minute).with(t, changed))
		}
		parts := m.Parts(&rule)
		if len(parts) != 1 {
			t.Errorf("%s of %s: parts %q", c.rule, c.check, parts)
			continue
		}
		env := Env{Host: &Host{CPUs: 2}, CheckID: "shop", Check: m, Dimension: parts[0], Now: m.at}
		v, ok := rule.Judge(&env)
		if !ok || v.State != c.want || len(v.Text) < len(c.text) || v.Text[:len(c.text)] != c.text {
			t.Errorf("%s of %s with %v: %v %v %q, want %v %q", c.rule, c.check, c.changes, ok, v.State, v.Text, c.want, c.text)
		}
	}
}

// A check of one disk has no dimension, and its message no gap where that would stand.
func TestMessageWithoutADimension(t *testing.T) {
	rule := defaultRule(t, "disk")
	m := NewMemory(Needs([]Rule{rule}))
	m.Add(minuteResult(0, Value{Name: "used", Value: "95"}, Value{Name: "avail", Value: "5"}))
	v, ok := rule.Judge(&Env{Host: &Host{}, CheckID: "root", Check: m, Now: m.at})
	if want := "disk 95 % full (limit 90 %), 5 KiB free"; !ok || v.Text != want {
		t.Errorf("%q, want %q", v.Text, want)
	}
}

// TestDefaultRulesIgnoreWhatIsNotTheirs judges the rules that are about values by a check that is
// unavailable: they say nothing.
func TestDefaultRulesIgnoreWhatIsNotTheirs(t *testing.T) {
	for _, id := range []string{"disk", "memory", "memory-limit", "swap", "load", "certificate"} {
		rule := defaultRule(t, id)
		m := NewMemory(Needs([]Rule{rule}))
		m.Add(Result{At: capturedTime, Period: time.Minute, Status: "it failed"})
		if v, ok := rule.Judge(&Env{Host: &Host{CPUs: 2}, Check: m, Now: capturedTime}); ok {
			t.Errorf("%s says %v of an unavailable check", id, v.State)
		}
	}
}

func TestDefaultRulesOfHosts(t *testing.T) {
	for _, c := range []struct {
		rule string
		host Host
		want State
		text string
	}{
		{"silent", Host{SilentFor: 179 * time.Second, Period: time.Minute}, OK, "no sign of life for 2 min 59 s"},
		{"silent", Host{SilentFor: 181 * time.Second, Period: time.Minute}, Silent, "no sign of life for 3 min 1 s"},
		{"silent", Host{SilentFor: 4 * time.Minute, Period: 2 * time.Minute}, OK, ""},
		{"silent", Host{SilentFor: 9 * time.Hour, Period: 2 * time.Hour}, Silent, "no sign of life for 9 h"},
		{"own-certificate", Host{}, OK, ""},
		{"own-certificate", Host{CertificateEndsIn: 10 * 24 * time.Hour}, Warning, "the certificate of the endpoint ends in 10 days"},
		{"own-certificate", Host{CertificateEndsIn: -time.Hour}, Critical, "the certificate of the endpoint ends in -1 h"},
		{"clock", Host{ClockOffset: 30 * time.Second}, OK, ""},
		{"clock", Host{ClockOffset: -31 * time.Second}, Warning, "the clock of the host is 31 s off"},
		{"identity", Host{}, OK, ""},
		{"identity", Host{IdentityWarnings: 1}, Critical, "signs that another host uses the identity of this one: 1"},
	} {
		rule := defaultRule(t, c.rule)
		v, ok := rule.Judge(&Env{Host: &c.host, Now: capturedTime})
		if !ok || v.State != c.want || c.text != "" && v.Text != c.text {
			t.Errorf("%s of %+v: %v %v %q, want %v %q", c.rule, c.host, ok, v.State, v.Text, c.want, c.text)
		}
	}
}

// TestDiskForecast fills a disk at a steady rate; only a growth that is known for long enough is a
// forecast, and the rotation of a log is none.
func TestDiskForecast(t *testing.T) {
	rule := defaultRule(t, "disk")
	used := func(minutes int, value func(minute int) int) Verdict {
		m := NewMemory(Needs([]Rule{rule}))
		for minute := 0; minute <= minutes; minute += 5 {
			r := captured(t, "agent.filesystem", minute)
			r.Period = 5 * time.Minute
			m.Add(r.with(t, map[string]string{"used": strconv.Itoa(value(minute)), "avail": strconv.Itoa(100_000 - value(minute))}))
		}
		v, ok := rule.Judge(&Env{Host: &Host{}, Check: m, Dimension: "/", Now: m.at})
		if !ok {
			t.Fatal("the rule says nothing")
		}
		return v
	}
	steady := func(minute int) int { return 20_000 + 30*minute } // 1.8 % an hour
	if v := used(120, steady); v.State != OK {
		t.Errorf("after 2 h: %v %q", v.State, v.Text)
	}
	v := used(400, steady)
	if v.State != OK {
		t.Errorf("full in 37 h: %v %q", v.State, v.Text)
	}
	v = used(400, func(minute int) int { return 20_000 + 120*minute })
	if want := "disk / is full in 4 h 27 min if it grows as in the last 6 hours; 31.2 MiB free"; v.State != Warning || v.Text != want {
		t.Errorf("%v %q, want %q", v.State, v.Text, want)
	}
	v = used(400, func(minute int) int { return 20_000 + 180*minute })
	if v.State != Critical {
		t.Errorf("full in 45 min: %v %q", v.State, v.Text)
	}
	v = used(400, func(minute int) int { return 20_000 + minute%60*20 })
	if v.State != OK {
		t.Errorf("rotating logs: %v %q", v.State, v.Text)
	}
}
