package login

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// newEmpty is a harness without people, and the code of the first one.
func newEmpty(t *testing.T) (*harness, string) {
	h := newHarness(t, nil)
	if err := h.store.People().Remove(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	code, err := h.FirstCode(t.Context())
	if err != nil || len(code) < 26 {
		t.Fatalf("%q, %v", code, err)
	}
	return h, code
}

func TestFirstPerson(t *testing.T) {
	h, code := newEmpty(t)
	for _, wrong := range []string{"", "x", code[1:], code + "A"} {
		if err := h.BeginFirst(httptest.NewRecorder(), h.request(), wrong, "eve", password); !errors.Is(err, ErrBadCode) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	// What is wrong with name or password uses nothing up, and neither does looking.
	if err := h.BeginFirst(httptest.NewRecorder(), h.request(), code, "ann", "short"); !errors.Is(err, ErrBadPassword) {
		t.Error(err)
	}
	if err := h.BeginFirst(httptest.NewRecorder(), h.request(), code, "a b", password); !errors.Is(err, ErrBadName) {
		t.Error(err)
	}
	if err := h.CheckFirst(t.Context(), code); err != nil {
		t.Error(err)
	}
	w := httptest.NewRecorder()
	if err := h.BeginFirst(w, h.request(), code, "ann", password); err != nil {
		t.Fatal(err)
	}
	if a, err := h.Who(h.request(w.Result().Cookies()...)); err != nil || a.Name != "ann" || len(a.Scopes) != len(watch.AllScopes()) {
		t.Errorf("%+v, %v", a, err)
	}
	if err := h.CheckFirst(t.Context(), code); !errors.Is(err, ErrBadCode) {
		t.Error(err)
	}
	// It stays used when everybody is removed again, and with people there is none.
	if code, err := h.FirstCode(t.Context()); code != "" || err != nil {
		t.Errorf("%q, %v", code, err)
	}
	if err := h.store.People().Remove(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	if err := h.BeginFirst(httptest.NewRecorder(), h.request(), code, "eve", password); !errors.Is(err, ErrBadCode) {
		t.Error(err)
	}
}

func TestFirstCodeEnds(t *testing.T) {
	h, code := newEmpty(t)
	h.now = h.now.Add(CodeLife)
	if err := h.CheckFirst(t.Context(), code); !errors.Is(err, ErrBadCode) {
		t.Error(err)
	}
	h, code = newEmpty(t)
	h.add("bob", watch.View) // by a command
	if err := h.BeginFirst(httptest.NewRecorder(), h.request(), code, "eve", password); !errors.Is(err, ErrBadCode) {
		t.Error(err)
	}
	if err := h.store.People().Remove(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	if err := h.CheckFirst(t.Context(), code); !errors.Is(err, ErrBadCode) {
		t.Errorf("it counts again when bob is gone: %v", err)
	}
}

func TestOneFirstPerson(t *testing.T) {
	h, code := newEmpty(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := h.BeginFirst(httptest.NewRecorder(), h.request(), code, fmt.Sprint("p", i), password)
			if err != nil && !errors.Is(err, ErrBadCode) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all, err := h.store.People().All(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d first people, %v", len(all), err)
	}
}
