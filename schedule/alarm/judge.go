package alarm

import (
	"fmt"
	"math"

	"github.com/expr-lang/expr/vm"
)

// Judge says what the rule says of env. It is not ok where it says nothing: the check is unavailable, and
// the rule is about its values.
func (r *Rule) Judge(env *Env) (v Verdict, ok bool) {
	if env.Check != nil {
		if !env.Check.available && !r.usesAvailable && !r.usesAge {
			return Verdict{}, false
		}
		v.Period = env.Check.period
	}
	s := env.scope()
	v.MayClear = true
	deciding := -1
	for i := range r.Cases {
		holds, missing := condition(r.Cases[i].When.program, s)
		if missing != "" {
			v.State, v.Missing = Unknown, missing
			v.Text = r.text(env, s, &v, nil)
			return v, true
		}
		if holds {
			deciding, v.State = i, r.Cases[i].State
			break
		}
	}
	if deciding < 0 {
		v.State = OK
		v.MayClear = r.mayClear(s)
		for i := len(r.Cases) - 1; i >= 0 && v.Value == nil; i-- {
			v.figures(r.Cases[i].When, s, false)
		}
		v.Text = r.text(env, s, &v, nil)
		return v, true
	}
	v.figures(r.Cases[deciding].When, s, true)
	v.Text = r.text(env, s, &v, &r.Cases[deciding])
	return v, true
}

// mayClear reports whether the rule's clear is true; where it cannot be evaluated, it is not.
func (r *Rule) mayClear(s *scope) bool {
	if r.Clear == nil {
		return true
	}
	holds, missing := condition(r.Clear.program, s)
	return holds && missing == ""
}

// condition evaluates a condition. missing says why it has no result.
func condition(p *vm.Program, s *scope) (holds bool, missing string) {
	out, err := vm.Run(p, s)
	if err != nil {
		if what, ok := asMissing(err); ok {
			return false, what
		}
		return false, exprError(err).Text
	}
	holds, ok := out.(bool)
	if !ok {
		return false, fmt.Sprintf("the expression has no truth value but %T", out)
	}
	return holds, ""
}

// figures sets value and threshold to those of the first comparison that is true, or, of a condition that
// is not, of the first that can be computed.
func (v *Verdict) figures(e *Expr, s *scope, decided bool) {
	for i := range e.comparisons {
		c := &e.comparisons[i]
		if decided {
			if holds, missing := condition(c.when, s); !holds || missing != "" {
				continue
			}
		}
		value, threshold := quantity(c.value, s), quantity(c.threshold, s)
		if value != nil && threshold != nil {
			v.Value, v.Threshold = value, threshold
			return
		}
	}
}

// quantity evaluates a number; nil if there is none.
func quantity(p *vm.Program, s *scope) *float64 {
	out, err := vm.Run(p, s)
	if err != nil {
		return nil
	}
	value, ok := out.(float64)
	if !ok || math.IsInf(value, 0) || math.IsNaN(value) {
		return nil
	}
	return &value
}
