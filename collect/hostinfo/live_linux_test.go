package hostinfo

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// missingHere recognises the error of a type whose subject this host does not have, or hides from
// this user.
func missingHere(text string) bool {
	return strings.Contains(text, "is not installed") || strings.Contains(text, "no such file or directory") ||
		os.Getuid() != 0 && strings.Contains(text, "ermission denied")
}

// Every type answers on this host: without an error (unless its subject is missing), in JSON that
// fits a frame, with the keys that it describes.
func TestEveryTypeOnThisHost(t *testing.T) {
	for _, typ := range Types() {
		t.Run(typ.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			a, err := Get(ctx, &Host{}, typ.Name)
			if err != nil {
				t.Fatal(err)
			}
			if a.Error != nil && !missingHere(*a.Error) {
				t.Error(*a.Error)
			}
			b, err := json.Marshal(a)
			if err != nil || len(b) > MaxAnswerBytes+1024 {
				t.Errorf("%d bytes, %v", len(b), err)
			}
			if a.Error == nil && a.Metrics == nil {
				t.Error("neither an error nor an answer")
			}
			if a.Timestamp == 0 {
				t.Error("no timestamp")
			}
			if a.Metrics != nil {
				checkKeys(t, typ, a.Metrics)
			}
		})
	}
}

// checkKeys reports keys of an answer that Describe does not have.
func checkKeys(t *testing.T, typ Type, metrics any) {
	t.Helper()
	b, err := json.Marshal(metrics)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(b, &value); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, k := range Describe(typ) {
		known[k.Name] = true
	}
	unknown := map[string]bool{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		prefix = strings.ReplaceAll(prefix, "children.", "") // a tree's nodes are all of one form
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(prefix, e)
			}
		case map[string]any:
			for name, e := range v {
				switch {
				case known[prefix+name]:
					walk(prefix+name+".", e)
				case known[prefix+"*"]:
				default:
					unknown[prefix+name] = true
				}
			}
		}
	}
	walk("", value)
	if len(unknown) > 0 {
		t.Errorf("keys that are not described: %v", unknown)
	}
}
