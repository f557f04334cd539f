package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Sizes of a picture, in its own units.
const (
	pictureWidth, pictureHeight = 720, 190
	pictureLeft, pictureRight   = 62, 712
	pictureTop, pictureBottom   = 8, 168
)

// A Picture is a plot for whoever shows it without a script: paths of an SVG.
type Picture struct {
	Title, Sentence, Dimension, CheckID string
	// Words is what is seen, for those who do not see it.
	Words                                    string
	Width, Height                            int
	Left, Right, Top, Bottom, LabelX, LabelY int
	XTicks, YTicks                           []Tick
	Limits                                   []Limit
	Lines                                    []Path
}

// A Tick is a line of the grid.
type Tick struct{ At, Text string }

// A Limit is a threshold; Class is warning or critical.
type Limit struct{ At, Class string }

// A Path is one line: what came in time, and what came late.
type Path struct {
	Index                  int
	Name, Last, Path, Late string
}

// Draw returns the plots as pictures, with times in a zone.
func (d *Document) Draw(zone *time.Location) []Picture {
	list := make([]Picture, 0, len(d.Plots))
	for i := range d.Plots {
		list = append(list, d.Plots[i].draw(d.First, d.To, zone))
	}
	return list
}

func (p *Plot) draw(from, to int64, zone *time.Location) Picture {
	c := Picture{Title: p.Title, Sentence: p.Sentence, Dimension: p.Dimension, CheckID: p.CheckID, Width: pictureWidth, Height: pictureHeight,
		Left: pictureLeft, Right: pictureRight, Top: pictureTop, Bottom: pictureBottom, LabelX: pictureLeft - 6, LabelY: pictureBottom + 15}
	least, greatest := p.bounds()
	x := func(at int64) float64 {
		return pictureLeft + float64(at-from)/float64(max(to-from, 1))*(pictureRight-pictureLeft)
	}
	y := func(v float64) float64 {
		return pictureBottom - (v-least)/(greatest-least)*(pictureBottom-pictureTop)
	}
	for _, v := range ticks(least, greatest, p.Unit) {
		c.YTicks = append(c.YTicks, Tick{point(y(v)), Format(v, p.Unit)})
	}
	for _, t := range timeTicks(from, to, zone) {
		c.XTicks = append(c.XTicks, Tick{point(x(t.at)), t.text})
	}
	for _, l := range p.Limits {
		if l.Value >= least && l.Value <= greatest {
			c.Limits = append(c.Limits, Limit{point(y(l.Value)), strings.ToLower(l.State)})
		}
	}
	late := make([]bool, len(p.X))
	for _, r := range p.Late {
		for i := r[0]; i <= r[1]; i++ {
			late[i] = true
		}
	}
	var words []string
	for i := range p.Lines {
		l := &p.Lines[i]
		one := Path{Index: i + 1, Name: l.Name, Last: "–"}
		var soon, behind strings.Builder
		before := -1 // the point that a line may be drawn from
		for n, v := range l.Y {
			if math.IsNaN(v) {
				before = -1
				continue
			}
			to := &soon
			if late[n] || before >= 0 && late[before] {
				to = &behind
			}
			if before < 0 {
				fmt.Fprintf(to, "M%s %sh.1", point(x(p.X[n])), point(y(v))) // a point without neighbours is seen too
			} else {
				fmt.Fprintf(to, "M%s %sL%s %s", point(x(p.X[before])), point(y(l.Y[before])), point(x(p.X[n])), point(y(v)))
			}
			before = n
			one.Last = Format(v, p.Unit)
		}
		one.Path, one.Late = soon.String(), behind.String()
		c.Lines = append(c.Lines, one)
		words = append(words, l.Name+" "+one.Last)
	}
	c.Words = p.Title + ", at last: " + strings.Join(words, ", ")
	return c
}

// point is a coordinate, with a digit behind the point.
func point(v float64) string {
	return strconv.FormatFloat(math.Round(math.Max(-1e4, math.Min(1e4, v))*10)/10, 'f', -1, 64)
}

// bounds returns the ends of a plot's scale.
func (p *Plot) bounds() (least, greatest float64) {
	least, greatest = math.Inf(1), math.Inf(-1)
	for i := range p.Lines {
		for _, v := range p.Lines[i].Y {
			if !math.IsNaN(v) {
				least, greatest = math.Min(least, v), math.Max(greatest, v)
			}
		}
	}
	if least > greatest {
		least, greatest = 0, 1
	}
	spare := (greatest - least) * 0.05
	least, greatest = least-spare, greatest+spare
	if p.Min != nil {
		least = *p.Min
	}
	if p.Max != nil {
		greatest = *p.Max
	}
	if !(greatest > least) {
		greatest = least + 1
	}
	return least, greatest
}

// ticks returns round values between two.
func ticks(least, greatest float64, unit string) []float64 {
	step := (greatest - least) / 4
	base := math.Pow(10, math.Floor(math.Log10(step)))
	factors := []float64{1, 2, 5, 10}
	if strings.HasPrefix(unit, "bytes") {
		base, factors = math.Pow(2, math.Floor(math.Log2(step))), []float64{1, 2}
	}
	for _, f := range factors {
		if base*f >= step*0.999 {
			step = base * f
			break
		}
	}
	var list []float64
	for v := math.Ceil(least/step) * step; v <= greatest*1.0001 && len(list) < 12; v += step {
		list = append(list, v)
	}
	return list
}

type timeTick struct {
	at   int64
	text string
}

// timeTicks returns round times between two.
func timeTicks(from, to int64, zone *time.Location) []timeTick {
	const day = 24 * time.Hour
	span := time.Duration(to-from) * time.Millisecond
	var list []timeTick
	for _, step := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
		6 * time.Hour, 12 * time.Hour, day, 2 * day, 4 * day, 7 * day, 14 * day, 30 * day, 91 * day, 182 * day} {
		if span/step > 7 {
			continue
		}
		begin := time.UnixMilli(from).In(zone)
		at := time.Date(begin.Year(), begin.Month(), begin.Day(), 0, 0, 0, 0, zone) // steps from midnight on, by the zone's clock
		for !at.After(time.UnixMilli(to)) && len(list) < 10 {
			if ms := at.UnixMilli(); ms >= from {
				form := "15:04"
				switch {
				case step < time.Minute:
					form = "15:04:05"
				case step >= day || at.Hour() == 0 && at.Minute() == 0:
					form = "2 Jan"
				}
				list = append(list, timeTick{ms, at.Format(form)})
			}
			if step >= day {
				at = at.AddDate(0, 0, int(step/day))
			} else {
				at = at.Add(step)
			}
		}
		break
	}
	return list
}
