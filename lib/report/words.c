/* What pages say around the figures, by language: Korean, and English for all others. A definition's own words win. */
#include "report/report.h"

static const struct {
    const char *key, *en, *ko;
} words[] = {
    {"day", "Day", "기준일"},
    {"gate", "Quality gate", "품질 게이트"},
    {"pass", "PASS", "통과"},
    {"fail", "FAIL", "실패"},
    {"checks", "Quality checks", "데이터 품질 검사"},
    {"check", "Check", "검사"},
    {"total", "Total", "대상"},
    {"failed", "Failed", "실패 건수"},
    {"rate", "Pass rate", "통과율"},
    {"status", "Status", "판정"},
    {"samples", "Samples", "실패 사례"},
    {"line", "Line", "행"},
    {"field", "Field", "필드"},
    {"expected", "Expected", "기대값"},
    {"found", "Found", "실제값"},
    {"stages", "Stages", "실행 단계"},
    {"stage", "Stage", "단계"},
    {"dataset", "Dataset or model", "데이터셋 · 모델"},
    {"rows_in", "In", "입력"},
    {"rows_out", "Out", "출력"},
    {"rejected", "Rejected", "제외"},
    {"seconds", "Seconds", "소요(초)"},
    {"made", "Made", "작성 시각"},
    {"no_data", "no data", "데이터 없음"},
    {"source", "Source", "출처"},
    {"days", "Days", "날짜별 보고서"},
    {"previous", "Previous", "이전 날"},
    {"next", "Next", "다음 날"},
    {"all", "All", "전체"},
    {"filter", "Find", "찾기"},
    {"rows", "rows", "행"},
    {"csv", "CSV", "CSV 내려받기"},
    {"full", "The page shows the first rows only; all of them:", "표에는 앞부분만 있습니다. 전체:"},
    {"show_data", "Data", "데이터 보기"},
    {"day_before", "from the day before", "전일 대비"},
    {"week_before", "from the week before", "전주 대비"},
    {"days_before", "from %d days before", "%d일 전 대비"},
    {"up", "up", "상승"},
    {"down", "down", "하락"},
    {"same", "unchanged", "변동 없음"},
    {"point", "pts", "%p"},
    {"zoom_in", "Zoom in", "확대"},
    {"zoom_out", "Zoom out", "축소"},
    {"whole", "Whole map", "전체 지도"},
    {"map_keys", "Arrow keys move, + and - zoom, 0 shows all", "화살표로 이동, +와 -로 확대·축소, 0은 전체"},
    {"not_done", "The run of this day did not end well", "이 날의 실행이 정상적으로 끝나지 않았습니다"},
    {"go_on", "Continue with", "다음 명령으로 이어서 실행"},
    {"nothing", "There is no data for this day", "이 날의 데이터가 없습니다"},
    {"lineage", "Lineage", "데이터 흐름"},
    {"operator", "All pipelines", "모든 파이프라인"},
    {"state_done", "done", "완료"},
    {"state_failed", "failed", "실패"},
    {"state_gate_failed", "gate failed", "게이트 실패"},
    {"state_late", "late", "지연"},
    {"state_gap", "gap", "누락"},
    {"state_running", "running", "실행 중"},
    {"state_stopped", "stopped", "중단"},
    {"state_empty", "empty", "비어 있음"},
    {"state_partial", "partial", "일부"},
    {"state_waiting", "not due yet", "예정"},
};

const char *report_word_in(const char *language, const char *key) {
    bool ko = language && strcmp(language, "ko") == 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].key, key) == 0) return ko ? words[i].ko : words[i].en;
    return key;
}

const char *report_label(const struct report *r, const char *key) {
    const char *own = r->p->report ? report_word(r->p->report, key) : NULL;
    return own ? own : report_word_in(r->p->language, key);
}
