package yaml

import (
	"fmt"
	"strings"
	"testing"
)

func TestUnknownKeyHint(t *testing.T) {
	known := []string{"endpoint", "agent_id", "schedule_max_age"}
	for key, want := range map[string]string{
		"endpiont":       `did you mean "endpoint"?`,
		"AgentID":        `did you mean "agent_id"?`,
		"agent-id":       `did you mean "agent_id"?`,
		"schedulemaxage": `did you mean "schedule_max_age"?`,
		"zzz":            "the keys are endpoint, agent_id, schedule_max_age",
	} {
		err := UnknownKey("f", Field{Key: key, Line: 3}, known)
		if err.Hint() != want {
			t.Errorf("%s: hint %q, want %q", key, err.Hint(), want)
		}
		if want := fmt.Sprintf("f:3: unknown key %q", key); err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
	if got := QuoteKey(strings.Repeat("k", 1000)); len(got) > 80 {
		t.Errorf("a long key is quoted with %d bytes", len(got))
	}
}
