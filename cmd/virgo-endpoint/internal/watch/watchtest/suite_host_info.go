package watchtest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

func question(agent intake.AgentNumber, name string) watch.Question {
	return watch.Question{Agent: agent, Type: name, AgentID: fmt.Sprint("web", agent), Asked: Now(), By: "ann"}
}

// infoOf is an answer to a question.
func infoOf(q watch.Question, metrics string) watch.Info {
	return watch.Info{Question: q, Answered: Now().Add(time.Minute), Outcome: watch.InfoAnswered, Metrics: []byte(metrics), Bytes: len(metrics)}
}

func testQuestions(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	version := func() int64 {
		t.Helper()
		return must[int64](t)(again.HostInfo().Version(t.Context()))
	}
	waiting := func(list ...watch.Question) {
		t.Helper()
		got := must[[]watch.Question](t)(again.HostInfo().Waiting(t.Context()))
		if len(got) != 0 || len(list) != 0 {
			want(t, "questions", got, list)
		}
	}
	waiting()
	before := version()
	first, second := question(2, "cpu"), question(1, "memory")
	do(t, s.HostInfo().Ask(t.Context(), first))
	do(t, s.HostInfo().Ask(t.Context(), second))
	if after := version(); after <= before {
		t.Errorf("the version went from %d to %d", before, after)
	}
	waiting(second, first)
	// Whoever asks again changes nothing.
	before = version()
	other := first
	other.By, other.Asked = "bob", Now().Add(time.Hour)
	do(t, again.HostInfo().Ask(t.Context(), other))
	want(t, "version", version(), before)
	waiting(second, first)
	for i := range watch.MaxQuestions - 1 {
		do(t, s.HostInfo().Ask(t.Context(), question(1, fmt.Sprint("type", i))))
	}
	wantErr(t, "one more", s.HostInfo().Ask(t.Context(), question(1, "disk")), watch.ErrTooManyQuestions)
	do(t, s.HostInfo().Ask(t.Context(), second)) // waits already
	do(t, s.HostInfo().Ask(t.Context(), question(2, "disk")))
	before = version()
	do(t, s.HostInfo().Forget(t.Context(), 1))
	if after := version(); after <= before {
		t.Errorf("the version went from %d to %d", before, after)
	}
	waiting(first, question(2, "disk"))
	late := question(3, "cpu")
	late.Asked = Now().Add(time.Millisecond)
	do(t, s.HostInfo().Ask(t.Context(), late))
	do(t, s.HostInfo().DeleteOld(t.Context(), late.Asked, time.Time{}))
	waiting(late)
}

func testHostInfo(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	info := func(agent intake.AgentNumber, name string) (watch.Info, error) {
		return again.HostInfo().Info(t.Context(), agent, name)
	}
	_, err := info(1, "cpu")
	wantErr(t, "before it is asked", err, watch.ErrNoInfo)
	cpu := infoOf(question(1, "cpu"), `[{"cpus":2}]`)
	wantErr(t, "an answer to nothing", s.HostInfo().Settle(t.Context(), cpu), watch.ErrNoQuestion)
	do(t, s.HostInfo().Ask(t.Context(), cpu.Question))
	_, err = info(1, "cpu")
	wantErr(t, "before it is answered", err, watch.ErrNoInfo)
	before := must[int64](t)(s.HostInfo().Version(t.Context()))
	// What was asked is told by the store, not by whoever answers.
	answer := cpu
	answer.By, answer.AgentID, answer.Asked = "bob", "other", Now().Add(time.Hour)
	do(t, s.HostInfo().Settle(t.Context(), answer))
	if after := must[int64](t)(again.HostInfo().Version(t.Context())); after <= before {
		t.Errorf("the version went from %d to %d", before, after)
	}
	want(t, "answer", must[watch.Info](t)(info(1, "cpu")), cpu)
	want(t, "no question", len(must[[]watch.Question](t)(again.HostInfo().Waiting(t.Context()))), 0)
	wantErr(t, "the same answer once more", s.HostInfo().Settle(t.Context(), cpu), watch.ErrNoQuestion)
	// The next answer replaces it, a refusal too.
	refused := watch.Info{Question: question(1, "cpu"), Answered: Now().Add(time.Hour), Outcome: watch.InfoRefused, Error: "the owner denies it"}
	refused.Asked = Now().Add(time.Minute)
	do(t, s.HostInfo().Ask(t.Context(), refused.Question))
	want(t, "while it is asked again", must[watch.Info](t)(info(1, "cpu")), cpu)
	do(t, s.HostInfo().Settle(t.Context(), refused))
	want(t, "refusal", must[watch.Info](t)(info(1, "cpu")), refused)
	arp := infoOf(question(1, "arp"), "null")
	other := infoOf(question(2, "cpu"), "{}")
	for _, i := range []watch.Info{arp, other} {
		do(t, s.HostInfo().Ask(t.Context(), i.Question))
		do(t, s.HostInfo().Settle(t.Context(), i))
	}
	list := must[[]watch.Info](t)(again.HostInfo().Infos(t.Context(), 1))
	arp.Metrics = nil
	want(t, "list", list, []watch.Info{arp, refused})
	do(t, s.HostInfo().DeleteOld(t.Context(), time.Time{}, refused.Answered))
	want(t, "without the old", must[[]watch.Info](t)(again.HostInfo().Infos(t.Context(), 1)), []watch.Info{refused})
	do(t, s.HostInfo().Forget(t.Context(), 1))
	_, err = info(1, "cpu")
	wantErr(t, "of one that was forgotten", err, watch.ErrNoInfo)
}

func testHostInfoBounded(t *testing.T, open Opener) {
	s, again := open(t), open(t)
	largest := infoOf(question(1, "largest"), `"`+string(bytes.Repeat([]byte("x"), watch.MaxInfoBytes-2))+`"`)
	largest.Error = string(bytes.Repeat([]byte("x"), watch.MaxInfoError))
	do(t, s.HostInfo().Ask(t.Context(), largest.Question))
	for _, change := range []func(i *watch.Info){
		func(i *watch.Info) { i.Metrics = append(i.Metrics[:len(i.Metrics):len(i.Metrics)], ' ') },
		func(i *watch.Info) { i.Error += "x" },
	} {
		larger := largest
		change(&larger)
		if err := s.HostInfo().Settle(t.Context(), larger); err == nil {
			t.Error("an answer of any size is stored")
		}
	}
	do(t, s.HostInfo().Settle(t.Context(), largest))
	if got := must[watch.Info](t)(again.HostInfo().Info(t.Context(), 1, "largest")); !bytes.Equal(got.Metrics, largest.Metrics) || got.Bytes != watch.MaxInfoBytes {
		t.Errorf("%d bytes", len(got.Metrics))
	}
	for n := range watch.MaxInfos {
		i := infoOf(question(1, fmt.Sprint("type", n)), "{}")
		i.Answered = i.Answered.Add(time.Duration(n+1) * time.Second)
		do(t, s.HostInfo().Ask(t.Context(), i.Question))
		do(t, s.HostInfo().Settle(t.Context(), i))
	}
	_, err := again.HostInfo().Info(t.Context(), 1, "largest")
	wantErr(t, "the oldest", err, watch.ErrNoInfo)
	want(t, "answers", len(must[[]watch.Info](t)(again.HostInfo().Infos(t.Context(), 1))), watch.MaxInfos)
}
