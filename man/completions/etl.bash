# bash completion for etl(1). Made by scripts/gendoc.c from cmd/commands.def; change that and run "make docs".
# shellcheck shell=bash

_etl_commands='collect validate transform load mart report run status prune schedule init doctor help'
_etl_stages='collect validate transform load mart report'
_etl_builtin='commerce kamis parts pothole'

# Options of a command.
_etl_options() {
    case $1 in
    collect) echo '-p --pipeline -d --day --dataset -o --output --format --source --urls --seed --users --trips --inject --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    validate) echo '-p --pipeline -d --day --dataset -o --output --format --schema --schema-dir --assert-format --max-errors --errors --profile --records --summary --rejects --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    transform) echo '-p --pipeline -d --day --dataset -o --output --format --step --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    load) echo '-p --pipeline -d --day --dataset --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    mart) echo '-p --pipeline -d --day --test --lineage --docs --freshness -o --output --format --select --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    report) echo '-p --pipeline -d --day -o --output --format --all --block --send --dry-run --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    run) echo '-p --pipeline -d --day --force --from --only --retry-failed --dry-run --retries --openlineage --source --urls --seed --users --trips --inject --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    status) echo '-p --pipeline -d --day --format --failed --check --alert --log --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    prune) echo '-p --pipeline --dry-run --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    schedule) echo '-p --pipeline --format --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    init) echo '-p --pipeline --monitoring --new --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    doctor) echo '-p --pipeline --home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    help) echo '--home --memory --threads --max-line --max-ratio --max-unpacked --log-format -q --quiet -v --verbose -h --help' ;;
    *) echo '-h --help -v --verbose --version' ;;
    esac
}

# COMMAND:OPTION -> kind of its value and, for words, the words. Nothing for an option without a value.
_etl_value() {
    case $1 in
    collect:--pipeline | collect:-p) echo 'pipeline' ;;
    collect:--day | collect:-d) echo 'none' ;;
    collect:--dataset) echo 'none' ;;
    collect:--output | collect:-o) echo 'file' ;;
    collect:--format) echo 'words jsonl csv' ;;
    collect:--source) echo 'file' ;;
    collect:--urls) echo 'file' ;;
    collect:--seed) echo 'none' ;;
    collect:--users) echo 'none' ;;
    collect:--trips) echo 'none' ;;
    collect:--inject) echo 'none' ;;
    collect:--home) echo 'dir' ;;
    collect:--memory) echo 'none' ;;
    collect:--threads) echo 'none' ;;
    collect:--max-line) echo 'none' ;;
    collect:--max-ratio) echo 'none' ;;
    collect:--max-unpacked) echo 'none' ;;
    collect:--log-format) echo 'words text json' ;;
    validate:--pipeline | validate:-p) echo 'pipeline' ;;
    validate:--day | validate:-d) echo 'none' ;;
    validate:--dataset) echo 'none' ;;
    validate:--output | validate:-o) echo 'file' ;;
    validate:--format) echo 'words jsonl csv text json schema' ;;
    validate:--schema) echo 'file' ;;
    validate:--schema-dir) echo 'dir' ;;
    validate:--max-errors) echo 'none' ;;
    validate:--errors) echo 'words text json' ;;
    validate:--summary) echo 'file' ;;
    validate:--rejects) echo 'file' ;;
    validate:--home) echo 'dir' ;;
    validate:--memory) echo 'none' ;;
    validate:--threads) echo 'none' ;;
    validate:--max-line) echo 'none' ;;
    validate:--max-ratio) echo 'none' ;;
    validate:--max-unpacked) echo 'none' ;;
    validate:--log-format) echo 'words text json' ;;
    transform:--pipeline | transform:-p) echo 'pipeline' ;;
    transform:--day | transform:-d) echo 'none' ;;
    transform:--dataset) echo 'none' ;;
    transform:--output | transform:-o) echo 'file' ;;
    transform:--format) echo 'words jsonl csv' ;;
    transform:--step) echo 'none' ;;
    transform:--home) echo 'dir' ;;
    transform:--memory) echo 'none' ;;
    transform:--threads) echo 'none' ;;
    transform:--max-line) echo 'none' ;;
    transform:--max-ratio) echo 'none' ;;
    transform:--max-unpacked) echo 'none' ;;
    transform:--log-format) echo 'words text json' ;;
    load:--pipeline | load:-p) echo 'pipeline' ;;
    load:--day | load:-d) echo 'none' ;;
    load:--dataset) echo 'none' ;;
    load:--home) echo 'dir' ;;
    load:--memory) echo 'none' ;;
    load:--threads) echo 'none' ;;
    load:--max-line) echo 'none' ;;
    load:--max-ratio) echo 'none' ;;
    load:--max-unpacked) echo 'none' ;;
    load:--log-format) echo 'words text json' ;;
    mart:--pipeline | mart:-p) echo 'pipeline' ;;
    mart:--day | mart:-d) echo 'none' ;;
    mart:--output | mart:-o) echo 'file' ;;
    mart:--format) echo 'words text json' ;;
    mart:--select) echo 'none' ;;
    mart:--home) echo 'dir' ;;
    mart:--memory) echo 'none' ;;
    mart:--threads) echo 'none' ;;
    mart:--max-line) echo 'none' ;;
    mart:--max-ratio) echo 'none' ;;
    mart:--max-unpacked) echo 'none' ;;
    mart:--log-format) echo 'words text json' ;;
    report:--pipeline | report:-p) echo 'pipeline' ;;
    report:--day | report:-d) echo 'none' ;;
    report:--output | report:-o) echo 'file' ;;
    report:--format) echo 'words text json csv html email' ;;
    report:--block) echo 'none' ;;
    report:--send) echo 'none' ;;
    report:--home) echo 'dir' ;;
    report:--memory) echo 'none' ;;
    report:--threads) echo 'none' ;;
    report:--max-line) echo 'none' ;;
    report:--max-ratio) echo 'none' ;;
    report:--max-unpacked) echo 'none' ;;
    report:--log-format) echo 'words text json' ;;
    run:--pipeline | run:-p) echo 'pipeline' ;;
    run:--day | run:-d) echo 'none' ;;
    run:--from) echo 'stage' ;;
    run:--only) echo 'stage' ;;
    run:--retries) echo 'none' ;;
    run:--openlineage) echo 'file' ;;
    run:--source) echo 'file' ;;
    run:--urls) echo 'file' ;;
    run:--seed) echo 'none' ;;
    run:--users) echo 'none' ;;
    run:--trips) echo 'none' ;;
    run:--inject) echo 'none' ;;
    run:--home) echo 'dir' ;;
    run:--memory) echo 'none' ;;
    run:--threads) echo 'none' ;;
    run:--max-line) echo 'none' ;;
    run:--max-ratio) echo 'none' ;;
    run:--max-unpacked) echo 'none' ;;
    run:--log-format) echo 'words text json' ;;
    status:--pipeline | status:-p) echo 'pipeline' ;;
    status:--day | status:-d) echo 'none' ;;
    status:--format) echo 'words text json' ;;
    status:--log) echo 'none' ;;
    status:--home) echo 'dir' ;;
    status:--memory) echo 'none' ;;
    status:--threads) echo 'none' ;;
    status:--max-line) echo 'none' ;;
    status:--max-ratio) echo 'none' ;;
    status:--max-unpacked) echo 'none' ;;
    status:--log-format) echo 'words text json' ;;
    prune:--pipeline | prune:-p) echo 'pipeline' ;;
    prune:--home) echo 'dir' ;;
    prune:--memory) echo 'none' ;;
    prune:--threads) echo 'none' ;;
    prune:--max-line) echo 'none' ;;
    prune:--max-ratio) echo 'none' ;;
    prune:--max-unpacked) echo 'none' ;;
    prune:--log-format) echo 'words text json' ;;
    schedule:--pipeline | schedule:-p) echo 'pipeline' ;;
    schedule:--format) echo 'words crontab systemd' ;;
    schedule:--home) echo 'dir' ;;
    schedule:--memory) echo 'none' ;;
    schedule:--threads) echo 'none' ;;
    schedule:--max-line) echo 'none' ;;
    schedule:--max-ratio) echo 'none' ;;
    schedule:--max-unpacked) echo 'none' ;;
    schedule:--log-format) echo 'words text json' ;;
    init:--pipeline | init:-p) echo 'pipeline' ;;
    init:--new) echo 'none' ;;
    init:--home) echo 'dir' ;;
    init:--memory) echo 'none' ;;
    init:--threads) echo 'none' ;;
    init:--max-line) echo 'none' ;;
    init:--max-ratio) echo 'none' ;;
    init:--max-unpacked) echo 'none' ;;
    init:--log-format) echo 'words text json' ;;
    doctor:--pipeline | doctor:-p) echo 'pipeline' ;;
    doctor:--home) echo 'dir' ;;
    doctor:--memory) echo 'none' ;;
    doctor:--threads) echo 'none' ;;
    doctor:--max-line) echo 'none' ;;
    doctor:--max-ratio) echo 'none' ;;
    doctor:--max-unpacked) echo 'none' ;;
    doctor:--log-format) echo 'words text json' ;;
    help:--home) echo 'dir' ;;
    help:--memory) echo 'none' ;;
    help:--threads) echo 'none' ;;
    help:--max-line) echo 'none' ;;
    help:--max-ratio) echo 'none' ;;
    help:--max-unpacked) echo 'none' ;;
    help:--log-format) echo 'words text json' ;;
    esac
}

# What the operands of a command are.
_etl_operand() {
    case $1 in
    validate) echo file ;;
    transform) echo file ;;
    load) echo file ;;
    init) echo dir ;;
    help) echo commands ;;
    esac
}

# Pipelines on disk and inside the binary. etl itself is not asked: it may not be installed on this machine.
_etl_pipelines() {
    local f
    for f in schemas/*/pipeline.json "${ETL_HOME:-etl-data}"/schemas/*/pipeline.json; do
        if [[ -e $f ]]; then
            f=${f%/pipeline.json}
            echo "${f##*/}"
        fi
    done
    printf '%s\n' $_etl_builtin
}

# _etl_reply WORDS CURRENT: those of the words that go on from CURRENT. A list goes on after its last comma.
_etl_reply() {
    local last=${2##*,}
    mapfile -t COMPREPLY < <(compgen -P "${2%"$last"}" -W "$1" -- "$last" | sort -u)
}

_etl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' i word kind
    COMPREPLY=()
    # --option=value comes as three words, because = ends a word in COMP_WORDBREAKS
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    local operands_only=
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [[ $word == -- ]] && operands_only=1
        [[ -z $command && " $_etl_commands " == *" $word "* ]] && command=$word
    done
    kind=
    [[ -z $operands_only ]] && kind=$(_etl_value "$command:$prev")
    if [[ -z $kind ]]; then
        if [[ $cur == -* && -z $operands_only ]]; then
            _etl_reply "$(_etl_options "$command")" "$cur"
            return
        fi
        kind=commands
        [[ -n $command ]] && kind=$(_etl_operand "$command")
    fi
    case $kind in
    file)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
    dir)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        ;;
    pipeline)
        # only run takes several
        [[ $command == run || $cur != *,* ]] && _etl_reply "$(_etl_pipelines)" "$cur"
        ;;
    stage) _etl_reply "$_etl_stages" "$cur" ;;
    words* | list*) _etl_reply "${kind#* }" "$cur" ;;
    commands) _etl_reply "$_etl_commands" "$cur" ;;
    esac
}
complete -F _etl etl
