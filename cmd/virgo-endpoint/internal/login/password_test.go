package login

import (
	"errors"
	"strings"
	"testing"
)

func TestHash(t *testing.T) {
	hash, err := Hash(password)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || !today.made(hash) {
		t.Fatalf("%q, %v", hash, err)
	}
	for text, want := range map[string]bool{password: true, password + " ": false, "": false} {
		if right, err := today.compare(text, hash); right != want || err != nil {
			t.Errorf("%q: %v, %v", text, right, err)
		}
	}
	if again, _ := Hash(password); again == hash {
		t.Error("two hashes of a password are alike")
	}
	// From the reference implementation's tests (argon2 20190702, test.c): other tools' hashes are read.
	known := "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	if right, err := today.compare("password", known); !right || err != nil {
		t.Errorf("%v, %v", right, err)
	}
}

func TestBadHashes(t *testing.T) {
	const salt, key = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	for _, hash := range []string{
		"x", password, "$argon2id$v=19$m=256,t=2,p=1$" + salt, "$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=16$m=256,t=2,p=1$" + salt + "$" + key, "$argon2id$v=19$m=4294967295,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=4294967295,p=1$" + salt + "$" + key, "$argon2id$v=19$m=256,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=2,p=0$" + salt + "$" + key, "$argon2id$v=19$m=256,t=2,p=1$$", "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$",
		"$argon2id$v=19$m=256,t=2,p=1,x=1$" + salt + "$" + key, "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + key + "$",
		"$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + strings.Repeat("A", 1000),
	} {
		if right, err := today.compare("password", hash); right || !errors.Is(err, errBadHash) {
			t.Errorf("%q: %v, %v", hash, right, err)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Fuzz(func(t *testing.T, hash string) {
		c, salt, key, err := parseHash(hash)
		if err == nil && (c.memory > maxMemory || c.time > maxTime || len(salt) > maxSaltKey || len(key) < 16) {
			t.Errorf("%q: %+v", hash, c)
		}
	})
}

// A hash of other parameters is replaced when the password is given.
func TestUpgrade(t *testing.T) {
	h := newHarness(t, nil)
	h.cost = cost{memory: 128, time: 1, threads: 1}
	c := h.mustLogin()
	p, err := h.store.People().Person(t.Context(), "ann")
	if err != nil || !h.cost.made(p.Password) {
		t.Errorf("%q, %v", p.Password, err)
	}
	if _, err := h.Who(h.request(c)); err != nil {
		t.Error(err)
	}
	h.mustLogin()
	if again, _ := h.store.People().Person(t.Context(), "ann"); again.Version != p.Version {
		t.Error("it is stored anew with each login")
	}
}

func TestNamesAndPasswords(t *testing.T) {
	for name, want := range map[string]bool{"ann": true, "ann.b-c_d+e@example.com": true, "": false, "a b": false, "ännä": false, "a/b": false,
		"a\n": false, strings.Repeat("a", MaxName): true, strings.Repeat("a", MaxName+1): false, "\u202eann": false} {
		if err := CheckName(name); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	for text, want := range map[string]bool{password: true, "äöüäöüäöüä": true, "short": false, "": false, "ANN-THE-FIRST": false,
		strings.Repeat("a", MaxPassword+1): false, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff": false} {
		if err := CheckPassword("ann-the-first", text); (err == nil) != want || err != nil && strings.Contains(err.Error(), text) && text != "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}
