package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// A running server takes another outputs.yaml: outputs that are new, changed or gone begin, begin anew and end, also in a server that
// had none; one that cannot be used changes nothing, and is logged once.
func TestOutputsAreReadAgain(t *testing.T) {
	dir := folder.Dir(filepath.Join(t.TempDir(), "endpoint"))
	if _, err := folder.Init(dir, []string{"127.0.0.1"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a := &app{globals: globals{Dir: string(dir)}, ctx: ctx, now: time.Now}
	if _, err := store.Create(ctx, dir.StoreFile()); err != nil {
		t.Fatal(err)
	}
	st, err := a.store()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var said bytes.Buffer
	w, err := a.watch(dir, st, false, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	list, problems := a.outputs(dir)
	if err := w.passOn(a, list, problems); err != nil {
		t.Fatal(err)
	}
	w.begin(false)
	if w.follows || w.control != nil {
		t.Error("a server without outputs follows results")
	}
	for _, step := range []struct{ text, want, logged string }{
		{"outputs: {a: {json: /a}, b: {json: /b}}", "a /a, b /b", "outputs.yaml was read again"},
		{"outputs: {a: {json: /a}, b: {json: /b}}", "a /a, b /b", ""},
		{"outputs: {a: {json: /a}, b: {json: [", "a /a, b /b", "outputs.yaml cannot be used; the outputs stay as they are"},
		{"outputs: {a: {json: /a}, b: {json: [", "a /a, b /b", ""},
		{"outputs: {a: {json: /a}, b: {json: /c}}", "a /a, b /c", "outputs.yaml was read again"},
		{"outputs: {a: {json: /a}, b: {json: c}}", "a /a", "json is no full path"},
		{"outputs: {a: {json: /a}, b: {json: c}}", "a /a", ""},
		{"outputs: {c: {json: /a, tags: [web]}}", "c /a", "outputs.yaml was read again"},
		{"", "", "outputs.yaml was read again"},
	} {
		if err := os.WriteFile(dir.OutputsFile(), []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if step.text == "" {
			if err := os.Remove(dir.OutputsFile()); err != nil {
				t.Fatal(err)
			}
		}
		said.Reset()
		w.passing.take(ctx)
		var got, following []string
		files := make(map[string]string)
		for _, c := range w.passing.now {
			got = append(got, c.Name+" "+c.File)
			following = append(following, "output "+c.Name)
			files[c.Name] = c.File
		}
		var followers []string
		for _, s := range w.feed.Status() {
			followers = append(followers, s.Name)
		}
		if strings.Join(got, ", ") != step.want || fmt.Sprint(followers) != fmt.Sprint(following) {
			t.Errorf("%s: %v, followed by %v", step.text, got, followers)
		}
		shown, err := w.passing.outputs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, o := range shown {
			if o.Kind == "json" {
				kinds = append(kinds, o.Name+" "+files[o.Name])
			}
		}
		if strings.Join(kinds, ", ") != strings.Join(got, ", ") {
			t.Errorf("%s: shown are %v", step.text, kinds)
		}
		if text := said.String(); step.logged == "" && text != "" || !strings.Contains(text, step.logged) {
			t.Errorf("%s: logged %s", step.text, text)
		}
	}
	if !w.follows || w.control == nil {
		t.Error("nothing was followed")
	}
	shown, err := w.passing.outputs(ctx)
	if err != nil || len(shown) != 3 || shown[2].Name != "c" || shown[2].Kind != "" {
		t.Errorf("%+v, %v", shown, err)
	}
	w.close()
	if names, err := a.cursorNames(dir); err != nil || names != "a b c" {
		t.Errorf("cursors of %s, %v", names, err)
	}
}

// cursorNames are those of the outputs that were there.
func (a *app) cursorNames(dir folder.Dir) (string, error) {
	list, _, err := a.cursors(dir)
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	return strings.Join(names, " "), err
}
