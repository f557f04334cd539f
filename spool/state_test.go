package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestState(t *testing.T) {
	s := newSpool(t, Options{})
	ctx := context.Background()
	value := []byte("value")
	err := s.Update(ctx, func(tx *Tx) error {
		if err := tx.Put("samples", "b", value); err != nil {
			return err
		}
		value[0] = 'X' // the spool has a copy
		if err := tx.Put("samples", "a", nil); err != nil {
			return err
		}
		return tx.Put("checks", "a", []byte("other space"))
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = s.View(ctx, func(tx *Tx) error {
		if v := tx.Get("samples", "b"); string(v) != "value" {
			t.Errorf("get: %q", v)
		} else {
			v[0] = 'X' // the caller has a copy too
		}
		if v := tx.Get("samples", "a"); v == nil || len(v) != 0 {
			t.Errorf("an empty value came back as %#v", v)
		}
		if tx.Get("samples", "c") != nil || tx.Get("none", "a") != nil ||
			tx.Get("", "a") != nil || tx.Get("samples", "") != nil {
			t.Error("got a value that was never put")
		}
		return tx.Each("samples", func(key string, v []byte) error {
			got = append(got, key+"="+string(v))
			return nil
		})
	})
	if err != nil || !slices.Equal(got, []string{"a=", "b=value"}) {
		t.Errorf("each: %q, %v", got, err)
	}
}

func TestStateLimits(t *testing.T) {
	s := newSpool(t, Options{})
	long := strings.Repeat("k", MaxKeyBytes+1)
	err := s.Update(context.Background(), func(tx *Tx) error {
		for _, err := range []error{
			tx.Put(long, "key", nil), tx.Put("space", long, nil), tx.Put("space", "key", make([]byte, MaxValueBytes+1)),
		} {
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v", err)
			}
		}
		if tx.Put("", "key", nil) == nil || tx.Put("space", "", nil) == nil {
			t.Error("an empty name is accepted")
		}
		if err := tx.Delete("", ""); err != nil {
			t.Error(err)
		}
		return tx.Put(long[1:], long[1:], make([]byte, MaxValueBytes))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Each visits every key once, although its function deletes and puts keys.
func TestEachWhileChanging(t *testing.T) {
	s := newSpool(t, Options{})
	const n = 500
	value := make([]byte, 100)
	fill := func(tx *Tx) error {
		for i := range n {
			if err := tx.Put("space", fmt.Sprintf("%04d", i), value); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.Update(context.Background(), fill); err != nil {
		t.Fatal(err)
	}
	var seen []string
	err := s.Update(context.Background(), func(tx *Tx) error {
		return tx.Each("space", func(key string, _ []byte) error {
			seen = append(seen, key)
			if len(seen)%7 == 0 {
				return tx.Put("space", key+"x", value) // after it: visited next
			}
			return tx.Delete("space", key)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("%04d", i))
		if len(want)%7 == 0 {
			want = append(want, fmt.Sprintf("%04dx", i))
		}
	}
	if !slices.Equal(seen, want) {
		t.Errorf("visited %d keys, want %d", len(seen), len(want))
	}
	mine := errors.New("mine")
	err = s.View(context.Background(), func(tx *Tx) error {
		return tx.Each("space", func(string, []byte) error { return mine })
	})
	if err != mine {
		t.Errorf("got %v", err)
	}
}
