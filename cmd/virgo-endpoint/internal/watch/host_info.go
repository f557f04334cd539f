package watch

import (
	"context"
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Errors of host information.
var (
	// ErrTooManyQuestions is returned when MaxQuestions wait for a host already.
	ErrTooManyQuestions = errors.New("as many questions as may wait for one host wait already")
	// ErrNoQuestion is returned for an answer to what nobody asks, or not any more.
	ErrNoQuestion = errors.New("nobody asks that")
	// ErrNoInfo is returned when a host gave no answer of a type.
	ErrNoInfo = errors.New("the host was not asked for that, or has not answered")
)

// Bounds of host information.
const (
	// MaxQuestions bounds those that wait for one host.
	MaxQuestions = 8
	// MaxInfoType bounds the name of a type, in bytes.
	MaxInfoType = 64
	// MaxInfoBytes bounds the metrics of one answer.
	MaxInfoBytes = 1 << 20
	// MaxInfoError bounds the sentence of one answer, in bytes.
	MaxInfoError = 1024
	// MaxInfos bounds the answers that are kept of one host: of a further type, the oldest one goes.
	MaxInfos = 64
	// QuestionsKept is how long a question waits for its host, InfoKept how long an answer is kept.
	QuestionsKept = 7 * 24 * time.Hour
	InfoKept      = 365 * 24 * time.Hour
)

// ValidInfoType reports whether a name can be that of a type of host information. Whether there is such a type, and
// whether its owner lets it be told, only the host knows.
func ValidInfoType(name string) bool {
	if name == "" || len(name) > MaxInfoType {
		return false
	}
	for _, r := range name {
		if r != '_' && r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return true
}

// A Question is what somebody wants to know of a host. It waits for the host's next session.
type Question struct {
	Agent intake.AgentNumber
	// Type is the host information that is asked for.
	Type string
	// AgentID is what the agent was called when it was asked.
	AgentID string
	Asked   time.Time
	By      string
}

// An InfoOutcome is how a question ended.
type InfoOutcome string

// The outcomes of questions.
const (
	InfoAnswered InfoOutcome = "answered" // Error is set where only a part could be read
	InfoRefused  InfoOutcome = "refused"  // by the host, whose words are in Error
	InfoUnusable InfoOutcome = "unusable" // the answer is not what a host may answer; Error says why
	InfoSilent   InfoOutcome = "silent"   // the host was there, and did not answer
)

// An Info is the last that a host said about one type of host information.
type Info struct {
	Question
	Answered time.Time
	Outcome  InfoOutcome
	// Error is the host's text, and not sanitized; at most MaxInfoError bytes.
	Error string
	// Metrics is JSON of the host; at most MaxInfoBytes. Bytes is its length, also where a list leaves it out.
	Metrics []byte
	Bytes   int
}

// HostInfo stores what people ask hosts, and the last answer of each type. It is safe for concurrent use.
type HostInfo interface {
	// Ask adds a question; one that waits already is left as it is. Error: ErrTooManyQuestions.
	Ask(ctx context.Context, q Question) error
	// Waiting returns the questions that wait, by agent and type.
	Waiting(ctx context.Context) ([]Question, error)
	// Version grows with every change of the questions, by whichever process.
	Version(ctx context.Context) (int64, error)
	// Settle stores an answer in place of the last one, and removes its question. The question is named by Agent and
	// Type; the rest of it is as it was asked. Error: ErrNoQuestion.
	Settle(ctx context.Context, i Info) error
	// Infos returns the answers of an agent without their metrics, by type.
	Infos(ctx context.Context, agent intake.AgentNumber) ([]Info, error)
	// Info returns one answer. Error: ErrNoInfo.
	Info(ctx context.Context, agent intake.AgentNumber, name string) (Info, error)
	// Forget deletes all of an agent.
	Forget(ctx context.Context, agent intake.AgentNumber) error
	// DeleteOld deletes questions that were asked and answers that were given before those times.
	DeleteOld(ctx context.Context, asked, answered time.Time) error
}
