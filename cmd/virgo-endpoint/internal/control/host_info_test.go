package control

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
)

// firstTables makes a file as the first version of this package did, with a person in it.
func firstTables(t *testing.T, path string) {
	t.Helper()
	d := openAt(t, path)
	for _, query := range []string{"DROP TABLE questions", "DROP TABLE host_info", "PRAGMA user_version = 1"} {
		if _, err := d.write.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	addPerson(t, d, "ann")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFileOfTheFirstVersionIsCarriedOver(t *testing.T) {
	path := newPath(t)
	firstTables(t, path)
	d := openAt(t, path)
	if got := names(t, d); len(got) != 1 || got[0] != "ann" {
		t.Errorf("people %v", got)
	}
	if err := d.HostInfo().Ask(t.Context(), watch.Question{Agent: 1, Type: "cpu"}); err != nil {
		t.Error(err)
	}
	var version int
	if err := d.read.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&version); err != nil || version != len(schema) {
		t.Errorf("version %d, %v", version, err)
	}
}

// answer has a host answer a question.
func answer(t *testing.T, d *DB, name string, metrics []byte, at time.Time) {
	t.Helper()
	q := watch.Question{Agent: 1, Type: name, Asked: at}
	if err := d.HostInfo().Ask(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if err := d.HostInfo().Settle(t.Context(), watch.Info{Question: q, Answered: at, Outcome: watch.InfoAnswered, Metrics: metrics}); err != nil {
		t.Fatal(err)
	}
}

func TestAnswersAreStoredCompressed(t *testing.T) {
	d := openAt(t, newPath(t))
	answer(t, d, "procs", bytes.Repeat([]byte(`{"name":"sleep"},`), watch.MaxInfoBytes/20), watchtest.Now())
	var length int
	if err := d.read.QueryRowContext(t.Context(), "SELECT length(metrics) FROM host_info").Scan(&length); err != nil || length > 4096 {
		t.Errorf("%d bytes, %v", length, err)
	}
}

// What is damaged is an error, and neither an answer nor memory without end.
func TestDamagedAnswers(t *testing.T) {
	d := openAt(t, newPath(t))
	answer(t, d, "cpu", []byte("{}"), watchtest.Now())
	large, err := compress(make([]byte, 16*watch.MaxInfoBytes))
	if err != nil {
		t.Fatal(err)
	}
	for name, blob := range map[string][]byte{"no frame": []byte("garbage"), "too large": large} {
		if _, err := d.write.ExecContext(t.Context(), "UPDATE host_info SET metrics = ?", blob); err != nil {
			t.Fatal(err)
		}
		if i, err := d.HostInfo().Info(t.Context(), 1, "cpu"); err == nil {
			t.Errorf("%s: %d bytes", name, len(i.Metrics))
		}
		if list, err := d.HostInfo().Infos(t.Context(), 1); err != nil || len(list) != 1 {
			t.Errorf("%s: the list: %v, %v", name, list, err)
		}
	}
}

func TestOldHostInfoIsDeleted(t *testing.T) {
	now := watchtest.Now()
	d := openWith(t, newPath(t), Options{Now: func() time.Time { return now }})
	answer(t, d, "cpu", []byte("{}"), now)
	if err := d.HostInfo().Ask(t.Context(), watch.Question{Agent: 2, Type: "cpu", Asked: now}); err != nil {
		t.Fatal(err)
	}
	count := func() (questions, infos int) {
		t.Helper()
		if err := d.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for table, n := range map[string]*int{"questions": &questions, "host_info": &infos} {
			if err := d.read.QueryRowContext(context.Background(), "SELECT count(*) FROM "+table).Scan(n); err != nil {
				t.Fatal(err)
			}
		}
		return questions, infos
	}
	for _, step := range []struct {
		pass time.Duration
		want string
	}{{watch.QuestionsKept, "1 1"}, {time.Millisecond, "0 1"}, {watch.InfoKept - watch.QuestionsKept - time.Millisecond, "0 1"}, {time.Millisecond, "0 0"}} {
		now = now.Add(step.pass)
		if questions, infos := count(); fmt.Sprint(questions, infos) != step.want {
			t.Errorf("after %v: %d questions, %d answers; want %s", step.pass, questions, infos, step.want)
		}
	}
}
