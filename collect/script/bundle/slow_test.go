package bundle

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/collect/script"
)

// slow are programs and servers that take a while, each of which answers the same, but for the first request: it lists
// what there is.
type slow struct {
	takes       time.Duration
	list, other string
	asked       int
}

func (s *slow) answer(ctx context.Context) (string, error) {
	s.asked++
	if s.asked == 1 {
		return s.list, nil
	}
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(s.takes):
		return s.other, nil
	}
}

func (s *slow) Find(name string) (string, error) { return "/usr/bin/" + name, nil }

func (s *slow) Run(ctx context.Context, _ script.ProgramRun) (script.ProgramOutput, error) {
	out, err := s.answer(ctx)
	return script.ProgramOutput{Out: out}, err
}

func (s *slow) RoundTrip(r *http.Request, _ script.Connection) (*http.Response, error) {
	body, err := s.answer(r.Context())
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, err
}

// Where each disk, jail or container takes long, what was asked in time is reported, and that others were not.
func TestSlowAnswers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are those of Unix")
	}
	list := func(item string) string {
		var all []string
		for i := range 30 {
			all = append(all, fmt.Sprintf(item, i))
		}
		return strings.Join(all, ",")
	}
	for _, test := range []struct {
		script, list, other, status string
		takes                       time.Duration
	}{
		{"disk_smart", `{"devices":[` + list(`{"name":"/dev/sd%d"}`) + `]}`, `{"smart_status":{"passed":true}}`,
			"26 disks were not asked: give each a check with device", 5 * time.Second},
		{"fail2ban", "Jail list: " + list("jail%d"), "Currently banned: 1", "4 banned in 30 jails, of which 26 were not asked: give each a check with jail", 5 * time.Second},
		{"containers", `[` + list(`{"Id":"c%[1]d","Names":["/web%[1]d"],"State":"running"}`) + `]`, `{}`,
			"30 running, 0 stopped, no figures of 25", 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{takes: test.takes, list: test.list, other: test.other}
			o := runWith(t, test.script, nil, script.World{Programs: s, Web: s})
			if fault, ok := o.Fault(); ok || o.Status != test.status {
				t.Errorf("%s: %q, %q, want %q", test.script, fault, o.Status, test.status)
			}
		})
	}
}
