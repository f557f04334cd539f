package intake

import "context"

// An AgentNumber is the store's own name of an agent: it survives enrolment, reset and renaming.
type AgentNumber int64

// A Feed reads results in the order of their arrival. It is safe for concurrent use, also beside an Intake.
type Feed interface {
	// After calls fn for the stored results whose Seq is above seq, in the order of Seq, at most limit of them. It returns the Seq
	// up to which everything was passed on or is gone, and how many were deleted or cannot be read. What fn gets is valid until
	// fn returns. An error of fn ends it and is returned; next is then before that result.
	After(ctx context.Context, seq int64, limit int, fn func(agent AgentNumber, r *Result) error) (next, lost int64, err error)
	// Newest returns the Seq of the newest durable result; 0 if there is none.
	Newest(ctx context.Context) (int64, error)
}
