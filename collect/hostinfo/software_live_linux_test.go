package hostinfo

import (
	"encoding/json"
	"testing"
	"time"
)

func TestSoftwareLive(t *testing.T) {
	for _, s := range softwareTypes() {
		start := time.Now()
		a := s.answer(t.Context(), &Host{})
		b, err := json.Marshal(a)
		e := ""
		if a.Error != nil {
			e = *a.Error
		}
		t.Logf("%s %v %d bytes error %q %v %.600s", s.Name, time.Since(start), len(b), e, err, b)
	}
}
