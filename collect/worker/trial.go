package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"virgo/collect"
)

// Trial hands a job to the script process, for `virgo script run` and `virgo script test`: what it is, the caller and
// [Server.Trial] know. If the process dies, the job is given to another one; if that dies as well, the error is a
// *[collect.FailedError] or says how it ended.
func (p *Program) Trial(ctx context.Context, job any, limit time.Duration) (json.RawMessage, error) {
	line, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req := request{Trial: line, Timeout: limit.Milliseconds()}
	a, err := p.ask(ctx, func() (request, error) { return req, nil })
	var died *deathError
	switch {
	case errors.As(err, &died):
		return nil, p.death(died)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("it did not end within %s", limit)
	case err != nil:
		return nil, err
	case a.Failed != "":
		return nil, &collect.FailedError{Kind: a.Failed, Text: a.Error}
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return a.Trial, nil
}

// trial answers a request of [Program.Trial].
func (r *requests) trial(ctx context.Context, job json.RawMessage) answer {
	if r.server.Trial == nil {
		return answer{Error: "this process runs no scripts"}
	}
	done, err := r.server.Trial(ctx, job)
	if err != nil {
		return answer{Error: err.Error()}
	}
	b, err := json.Marshal(done)
	if err != nil {
		return answer{Error: "encoding what came of a trial: " + err.Error()}
	}
	return answer{Trial: b}
}
