package server

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
)

const (
	// quotaTime is the time that quotas of requests and bytes are for.
	quotaTime = time.Minute
	// agentBurst is how many times its quota an agent may use at once after a pause: a host that comes
	// back delivers its backlog at full speed.
	agentBurst = 10
	// agentTime is for how long an agent counts against Limits.AgentsPerToken after its last hello.
	agentTime = 24 * time.Hour
)

// A holder is whose quotas a session counts against: the token that it opened with, or by which its agent
// enrolled. An agent whose key a person registered is its own.
type holder string

func holderOf(a *intake.Admission) holder {
	if a.TokenID != "" {
		return holder("token " + a.TokenID)
	}
	return holder("key " + strconv.FormatInt(a.Access.Registration, 10))
}

// tokens are what the agents of each token use: connections, agents, requests and bytes. A token is the
// unit because whoever has it can call itself by as many names as it likes. It is all in memory, and
// begins anew with the process.
type tokens struct {
	limits Limits

	mu  sync.Mutex
	use map[holder]*tokenUse
}

type tokenUse struct {
	connections     int
	agents          map[string]*agentUse
	requests, bytes bucket
}

// An agentUse is what one agent of a token uses.
type agentUse struct {
	of              *tokenUse
	agentID         string
	lastHello       time.Time
	requests, bytes bucket
}

func newTokens(limits Limits) *tokens {
	return &tokens{limits: limits, use: map[holder]*tokenUse{}}
}

// connect counts a connection of a token. The error says that there are too many.
func (t *tokens) connect(key holder, agentID string) *transport.Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	use := t.of(key)
	if use.connections >= t.limits.ConnectionsPerToken {
		return rateLimit(agentID, 0, fmt.Sprintf(
			"the agents of this token have %d connections, and may not have more at a time", use.connections))
	}
	use.connections++
	return nil
}

// disconnect is called at the end of a connection with the keys that it counted for.
func (t *tokens) disconnect(keys []holder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		t.of(key).connections--
	}
}

// hello counts an agent of a token. The error says that there are too many agents.
func (t *tokens) hello(key holder, agentID string) (*agentUse, *transport.Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	use := t.of(key)
	agent := use.agents[agentID]
	if agent == nil {
		if len(use.agents) >= t.limits.AgentsPerToken {
			use.forget(now)
		}
		if n := len(use.agents); n >= t.limits.AgentsPerToken {
			return nil, rateLimit(agentID, 0, fmt.Sprintf(
				"%d other agents used this token in the last day, and no more may", n))
		}
		agent = &agentUse{of: use, agentID: agentID}
		use.agents[agentID] = agent
	}
	agent.lastHello = now
	return agent, nil
}

// request counts requests with results of this size together. The error says that an agent, or all
// agents of its token together, sent too many; they are not counted then.
func (t *tokens) request(a *agentUse, requests, bytes int) *transport.Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	l := &t.limits
	for _, q := range [...]struct {
		bucket   *bucket
		n, limit int64 // limit is for a minute
		burst    int64
		of       string
	}{
		{&a.requests, int64(requests), l.RequestsPerAgent, agentBurst, "%d requests a minute are the limit for an agent"},
		{&a.bytes, int64(bytes), l.BytesPerAgent, agentBurst, "%d bytes a minute are the limit for an agent"},
		{&a.of.requests, int64(requests), l.RequestsPerToken, 1, "%d requests a minute are the limit for a token's agents"},
		{&a.of.bytes, int64(bytes), l.BytesPerToken, 1, "%d bytes a minute are the limit for a token's agents"},
	} {
		if wait := q.bucket.wait(q.n, q.limit, q.burst, now); wait > 0 {
			return rateLimit(a.agentID, wait, fmt.Sprintf(q.of, q.limit))
		}
	}
	a.requests.level += float64(requests)
	a.bytes.level += float64(bytes)
	a.of.requests.level += float64(requests)
	a.of.bytes.level += float64(bytes)
	return nil
}

// of returns what a token uses. The lock is held.
func (t *tokens) of(key holder) *tokenUse {
	use := t.use[key]
	if use == nil {
		use = &tokenUse{agents: map[string]*agentUse{}}
		t.use[key] = use
	}
	return use
}

// forget removes the agents that have not said hello for a day.
func (u *tokenUse) forget(now time.Time) {
	for id, agent := range u.agents {
		if now.Sub(agent.lastHello) > agentTime {
			delete(u.agents, id)
		}
	}
}

// A bucket is filled by what is used, and empties by its limit in each quotaTime.
type bucket struct {
	level float64
	at    time.Time // when level was computed
}

// wait returns how long it takes until n fit in beside what was used, of burst times the limit; 0 if they
// do now. What is more than half of the bucket fits where half would, so that no frame is too large for ever.
func (b *bucket) wait(n, limit, burst int64, now time.Time) time.Duration {
	n = min(n, max(1, limit*burst/2))
	b.level = max(0, b.level-float64(limit)*float64(now.Sub(b.at))/float64(quotaTime))
	b.at = now
	over := b.level + float64(n) - float64(limit*burst)
	if b.level == 0 || over <= 0 {
		return 0
	}
	return time.Duration(min(b.level, over) / float64(limit) * float64(quotaTime))
}

// rateLimit returns the error that makes an agent keep its results and come back after this time. Agents
// that are refused at the same time come back at different ones, spread over a minute, each after the
// same time whenever it is refused.
func rateLimit(agentID string, after time.Duration, why string) *transport.Error {
	h := fnv.New32a()
	h.Write([]byte(agentID))
	spread := time.Duration(h.Sum32()%uint32(quotaTime/time.Millisecond)+1) * time.Millisecond
	return &transport.Error{
		Code: codeUnavailable, Type: transport.TypeRateLimit, Message: why,
		RetryAfterMS: (after + spread).Milliseconds(),
	}
}

// count counts a good hello: the connection for its token, the agent, and one request of this size. The
// error is answered, and the hello fails.
func (c *conn) count(token holder, agentID string, bytes int) (*agentUse, *transport.Error) {
	if !slices.Contains(c.tokens, token) {
		if err := c.srv.tokens.connect(token, agentID); err != nil {
			return nil, err
		}
		c.tokens = append(c.tokens, token)
	}
	use, err := c.srv.tokens.hello(token, agentID)
	if err != nil {
		return nil, err
	}
	return use, c.srv.tokens.request(use, 1, bytes)
}
