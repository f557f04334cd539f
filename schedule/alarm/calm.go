package alarm

// Calm reports whether Judge would say OK, or nothing. It makes no sentence, so it costs a fraction of
// Judge: whoever judges many hosts asks it first where a rule has no state.
func (r *Rule) Calm(env *Env) bool {
	if env.Check != nil && !env.Check.available && !r.usesAvailable && !r.usesAge {
		return true
	}
	s := env.scope()
	for i := range r.Cases {
		if holds, missing := condition(r.Cases[i].When.program, s); holds || missing != "" {
			return false
		}
	}
	return true
}

// scope returns what expressions see of env, made once.
func (env *Env) scope() *scope {
	if env.made == nil || env.madeFor != env {
		env.made, env.madeFor = newScope(env), env
	}
	return env.made
}
