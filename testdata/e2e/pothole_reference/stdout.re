invalid [1-9]\d* outside [1-9]\d* unfit [1-9]\d* kept [1-9]\d* suspects [1-9]\d*
invalid [1-9]\d* outside [1-9]\d* unfit [1-9]\d* kept [1-9]\d* suspects [1-9]\d*
invalid [1-9]\d* outside [1-9]\d* unfit [1-9]\d* kept [1-9]\d* suspects [1-9]\d*
unfit [1-9]\d* kept [1-9]\d* suspects \d+
