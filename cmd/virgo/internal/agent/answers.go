package agent

import (
	"context"
	"encoding/json"

	"virgo/transport"
)

// answer is what the endpoint gets for the requests that it may make during a session.
func (l *link) answer(ctx context.Context, method string, _ json.RawMessage) (any, *transport.Error) {
	l.agent.Verbose("session: the endpoint asks %s", method)
	switch method {
	case "check_schedule.changed":
		l.changed = true
		return struct{}{}, nil
	case "system.info":
		info, err := systemInfo(ctx)
		if err != nil {
			return nil, &transport.Error{Code: transport.CodeInternal, Message: err.Error()}
		}
		return info, nil
	default:
		return nil, transport.NotFound(method)
	}
}
