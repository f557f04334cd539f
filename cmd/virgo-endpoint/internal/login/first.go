package login

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// CodeLife is how long the link of the first person works.
const CodeLife = time.Hour

// A firstCode lets one person in where nobody is.
type firstCode struct {
	mu   sync.Mutex
	hash [32]byte
	ends time.Time // zero if there is none
}

// FirstCode makes the code with which the first person sets a password; empty if there are people already, or a proxy
// says who they are. The one before does not count any more.
func (l *Login) FirstCode(ctx context.Context) (string, error) {
	if l.Proxy != nil {
		return "", nil
	}
	people, err := l.People.All(ctx)
	if err != nil || len(people) > 0 {
		return "", err
	}
	code := rand.Text()
	l.first.mu.Lock()
	defer l.first.mu.Unlock()
	l.first.hash, l.first.ends = sha256.Sum256([]byte(code)), l.Now().Add(CodeLife)
	return code, nil
}

// CheckFirst reports whether a code would let the first person in; it does not use it up, as programs that look at
// links must not. Error: ErrBadCode.
func (l *Login) CheckFirst(ctx context.Context, code string) error {
	l.first.mu.Lock()
	defer l.first.mu.Unlock()
	return l.checkFirst(ctx, code)
}

func (l *Login) checkFirst(ctx context.Context, code string) error {
	hash := sha256.Sum256([]byte(code))
	if l.first.ends.IsZero() || !l.Now().Before(l.first.ends) || subtle.ConstantTimeCompare(hash[:], l.first.hash[:]) != 1 {
		return ErrBadCode
	}
	people, err := l.People.All(ctx)
	if err != nil {
		return err
	}
	if len(people) > 0 {
		l.first.ends = time.Time{}
		return ErrBadCode
	}
	return nil
}

// BeginFirst adds the first person, an admin, and logs that person in. Errors: ErrBadCode, ErrBadName, ErrBadPassword,
// ErrBusy, and those of the store.
func (l *Login) BeginFirst(w http.ResponseWriter, r *http.Request, code, name, password string) error {
	ctx := r.Context()
	l.first.mu.Lock()
	defer l.first.mu.Unlock() // of two that have the code one is the first
	if err := l.checkFirst(ctx, code); err != nil {
		return err
	}
	if err := CheckName(name); err != nil {
		return err
	}
	if err := CheckPassword(name, password); err != nil {
		return err
	}
	hash, err := l.Hash(ctx, password)
	if err != nil {
		return err
	}
	if err := l.record.done(ctx, l, watch.Actor{Kind: "person", Name: name, Remote: l.clientOf(r).String()}, "add first person", name); err != nil {
		return err
	}
	if _, err := l.People.Put(ctx, watch.Person{Name: name, Role: watch.Admin, Password: hash, Created: l.Now()}); err != nil {
		return fmt.Errorf("adding the first person: %w", err)
	}
	l.first.ends = time.Time{}
	return l.begin(w, r, name)
}
