package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"virgo/cmd/internal/link"
	"virgo/transport/transporttest"
)

// Whom to trust is not known: nobody is connected to, by whatever way, and the results are kept.
func TestNothingIsDeliveredAfterAMistakeAboutTrust(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	writeCheck(t, b.ChecksDir, "local")
	b.Untrusted = errors.New("virgo.yaml:2: pin: no")
	rep := b.run()
	if rep.Kept != 1 || rep.Delivery.Tried {
		t.Errorf("%+v", rep)
	}
	var configError *link.ConfigError
	if d, err := b.Flush(t.Context()); err != nil || !errors.As(d.Err, &configError) || !strings.Contains(d.Err.Error(), "pin: no") {
		t.Errorf("flush: %+v, %v", d, err)
	}
	if _, err := link.FetchSchedule(t.Context(), &b.Config); !errors.As(err, &configError) {
		t.Errorf("fetching the schedule: %v", err)
	}
	if all, _, err := link.Enrol(t.Context(), &b.Config); err != nil || len(all) != 1 || !errors.As(all[0].Err, &configError) {
		t.Errorf("enrolling: %+v, %v", all, err)
	}
	if n := b.endpoint.Sessions(); n != 0 {
		t.Errorf("%d sessions", n)
	}
	b.Untrusted = nil
	if rep := b.run(); rep.Delivery.Delivered < 1 {
		t.Errorf("after the mistake: %+v", rep)
	}
}

// A mistake is new once, until it is corrected.
func TestNewMistakes(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	many := make([]string, 1000)
	for i := range many {
		many[i] = fmt.Sprint("mistake ", i)
	}
	for i, step := range []struct{ has, isNew []string }{
		{[]string{"x", "y"}, []string{"x", "y"}}, {[]string{"y", "x"}, nil}, {[]string{"y", "z"}, []string{"z"}}, {nil, nil}, {[]string{"x"}, []string{"x"}}, {[]string{"x"}, nil}, {many, many},
	} {
		b.Mistakes = step.has
		if rep := b.run(); !slices.Equal(rep.NewMistakes, step.isNew) {
			t.Errorf("run %d: %.200q are new, want %.200q", i, rep.NewMistakes, step.isNew)
		}
	}
	st, err := b.State(t.Context())
	if err != nil || len(st.Run.Mistakes) > maxMistakes || !strings.HasPrefix(st.Run.Mistakes, "mistake 0\nmistake 1\n") {
		t.Errorf("%d bytes of mistakes are stored, %v", len(st.Run.Mistakes), err)
	}
}

// A token that cannot be read is told once, like other failures of the delivery.
func TestAMissingTokenIsToldOnce(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.run()
	token := b.Token
	b.Token = func() (string, error) { return "", errors.New("no such file") }
	var configError *link.ConfigError
	for i := range 3 {
		rep := b.run()
		if !errors.As(rep.Delivery.Err, &configError) || rep.Delivery.Noticed != (i == 0) {
			t.Errorf("run %d: %+v", i, rep.Delivery)
		}
	}
	if len(b.notices) != 1 || !strings.Contains(b.notices[0], "not delivered: reading the token: no such file") {
		t.Errorf("notices %q", b.notices)
	}
	b.Token = token
	b.run()
	if len(b.notices) != 2 {
		t.Errorf("notices %q", b.notices)
	}

	// Also if the delivery fails for another reason already.
	b.endpoint.Close()
	b.run()
	b.Token = func() (string, error) { return "", errors.New("no such file") }
	if rep := b.run(); !rep.Delivery.Noticed || len(b.notices) != 4 {
		t.Errorf("%+v, notices %q", rep.Delivery, b.notices)
	}
}
