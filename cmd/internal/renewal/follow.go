package renewal

import (
	"context"
	"errors"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/link"
	"virgo/spool"
	"virgo/transport"
)

// takeTime must be left for what is done with an archive that was fetched.
const takeTime = 10 * time.Second

// ErrNoTime is returned for an archive that is fetched, and that another run takes, as this
// one has no time left.
var ErrNoTime = errors.New("it is fetched, and this run has no time left to try it; the next one goes on")

// errCut is what is stored until a try ends: its process may be killed.
var errCut = errors.New("the last try did not come to its end")

// A NotNowError is returned by what Follow calls for reasons that stand: nothing is asked
// before the next day.
type NotNowError struct{ Err error }

func (e *NotNowError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *NotNowError) Unwrap() error { return e.Err }

// Follow does for a run what Fetch does for a person: within the amount of a day, which is
// MaxBytes, and with growing pauses after failures. ready is called before anything is asked, take
// with an archive that is wanted. news reports whether the last try ended without an error, or a
// standing reason is another one: a person has to know it once.
func (p *Programs) Follow(ctx context.Context, ready func() error,
	take func(context.Context, FetchedArchive) error,
) (out FetchedArchive, news bool, err error) {
	st, err := p.Link.State(ctx)
	if err != nil {
		return out, false, err
	}
	r := st.Programs
	was := r.Error
	if was == errCut.Error() {
		was = ""
	}
	begun := r // as if it failed: a process that is killed has failed, too
	noteFailure(&begun, errCut, p.Link.Now(), randomOf(&p.Link))
	if was != "" {
		begun.Error = was
	}
	if err := p.store(ctx, begun); err != nil {
		return out, false, err
	}
	if err = ready(); err == nil {
		out, err = p.fetch(ctx, false, func(ctx context.Context, bytes int64) error {
			if err := spendOfDay(&r, p.Link.Now(), bytes, p.MaxBytes); err != nil {
				return err
			}
			begun.DayMS, begun.DayBytes = r.DayMS, r.DayBytes
			return p.store(ctx, begun)
		})
	}
	if err == nil && out.Content != nil {
		err = p.take(ctx, &out, take)
	}
	p.conclude(&r, out, err)
	saving, cancel := link.FinalContext(ctx)
	defer cancel()
	var stands *NotNowError
	news = err != nil && !out.Unfinished && (was == "" || errors.As(err, &stands) && r.Error != was)
	return out, news, errors.Join(err, p.store(saving, r))
}

func (p *Programs) take(ctx context.Context, out *FetchedArchive,
	take func(context.Context, FetchedArchive) error,
) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < takeTime {
		out.Unfinished = true
		return ErrNoTime
	}
	err := take(ctx, *out)
	var stands *NotNowError
	if err == nil || errors.As(err, &stands) {
		err = errors.Join(err, p.Forget())
	}
	return err // what is left of it, the next run takes
}

// conclude notes how it ended.
func (p *Programs) conclude(r *installed.Renewal, out FetchedArchive, err error) {
	now := p.Link.Now()
	var not *NotNowError
	switch {
	case err == nil && out.Content != nil:
		*r = installed.Renewal{AskedMS: now.UnixMilli(), DayMS: r.DayMS, DayBytes: r.DayBytes}
	case err == nil, errors.As(err, &not):
		// The endpoint may say in each session that there is another version.
		*r = installed.Renewal{
			AskedMS: now.UnixMilli(), DayMS: r.DayMS, DayBytes: r.DayBytes,
			FailedMS: now.UnixMilli(), UntilMS: now.Add(transport.RenewalPause).UnixMilli(),
		}
		if err != nil {
			r.Error = errorText(err)
		}
	case out.Unfinished:
		r.Unfinished, r.Failures, r.FailedMS, r.UntilMS = true, 0, 0, 0
	default:
		r.Unfinished = true // it is tried again after the pause
		noteFailure(r, err, now, randomOf(&p.Link))
	}
}

func (p *Programs) store(ctx context.Context, r installed.Renewal) error {
	return p.Link.Spool.Update(ctx, func(tx *spool.Tx) error { return installed.PutPrograms(tx, r) })
}
