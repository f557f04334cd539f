package alarm

import (
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// raise notes the value of a further verdict if it is farther beyond its threshold than those before.
func raise(f *watch.Firing, v *rule.Verdict) {
	if v.Value == nil || v.Threshold == nil {
		return
	}
	if f.Peak == nil || f.Threshold == nil {
		f.Peak, f.Threshold, f.Text = v.Value, v.Threshold, v.Text
		return
	}
	if over, before := beyond(*v.Value, *v.Threshold), beyond(*f.Peak, *f.Threshold); over > before {
		f.Peak, f.Threshold, f.Text = v.Value, v.Threshold, v.Text
	}
}

// beyond is how far a value is from a threshold that it is beyond, on whichever side.
func beyond(value, threshold float64) float64 { return max(value-threshold, threshold-value) }
