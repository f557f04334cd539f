-- want: can be used in run only
log('at load')
