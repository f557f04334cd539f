// Package alarm says what an alarm is: rules, their expressions, and the states that they lead to. Agents
// and endpoints judge with it alike. It stores, sends and reads nothing: values and times come in, a
// state and a text go out.
//
// The way of a value: [Memory] keeps, for one check of one host, what rules need to know of it: the last
// two values of the metrics that their expressions name, and averages and the like over the times that
// they name ([Needs]). [Rule.Judge] evaluates a rule over them for one part of the check (a dimension, or
// the whole), which gives a [Verdict]. A [Machine], one for each such part and rule, turns verdicts into
// [Transition]s: it waits for the times of the rule to pass, and dampens flapping. A Machine is a value
// that is stored between verdicts.
//
// Rules come from three places: files with lists of rules ([Parse]), the alarms of a check ([ParseCheck]),
// and the default set ([Defaults]). Of one file with a mistake the other rules are used.
//
// What can fail: an expression that needs a value which is not there has no result. It is neither true
// nor false, so the rule is judged [Unknown], never [OK].
//
// Expressions are evaluated by expr-lang/expr. They come from the owner of a file, or from somebody with
// the right to change rules, and cost at most what their text allows: [MaxExprBytes], [MaxExprNodes] and
// [MaxExprDepth] bound it, there are no loops, closures or ranges, metrics and times are named by
// literals, and regular expressions are bounded by the size of their program.
package alarm
