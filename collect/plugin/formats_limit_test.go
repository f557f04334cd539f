package plugin

import (
	"fmt"
	"strings"
	"testing"

	"virgo/collect"
)

// TestTruncatedOutputFitsIntoResult: in every format, what is kept of an output that is too long
// fits into a result, and the status says that it was truncated.
func TestTruncatedOutputFitsIntoResult(t *testing.T) {
	for _, value := range []string{"x", "\x01", "\u2028"} {
		long := strings.Repeat(value, 60)
		for format, line := range map[string]string{
			"nagios":     "m%d" + long + "=1\n",
			"checkmk":    "0 s%d" + long + " m=1|n=2 text\n",
			"prometheus": "m%d{l=\"" + long + "\"} 1\n",
			"influx":     "m%d,t=" + long + " f=1\n",
		} {
			var b strings.Builder
			if format == "nagios" {
				b.WriteString("OK |\n|")
			}
			for i := 0; b.Len() <= MaxOutputBytes; i++ {
				fmt.Fprintf(&b, line, i)
			}
			x := parseOutput([]byte(b.String()), "", 0, 0)
			cut := strings.HasPrefix(x.Report.Status, "Output cut at ")
			if x.Err != nil || x.Format != format || !cut || len(x.Faults) > 0 {
				t.Fatalf("%s, %q: %s, status %q, %v, %v",
					format, value, x.Format, x.Report.Status, x.Err, x.Faults[:min(len(x.Faults), 3)])
			}
			r := collect.Result{
				CheckID: "c", CheckType: TypeName, State: collect.Available, Status: x.Report.Status, Metrics: x.Report.Metrics,
			}
			if n := len(r.AppendJSON(nil)); n > collect.MaxResultBytes || n < collect.MaxResultBytes/8 {
				t.Errorf("%s, %q: %d metrics make %d bytes of JSON", format, value, len(r.Metrics), n)
			}
		}
	}
}
