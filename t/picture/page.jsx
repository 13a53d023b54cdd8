// SPDX-License-Identifier: BSD-2-Clause
//
// The dashboard, drawn by Grafana's own components from the answers of a Prometheus: window.given, by t/picture/make.
// require: of the modules for import, those that end in .mjs see other packages' default exports differently when bundled by esbuild.
const { useEffect, useLayoutEffect, useState } = require('react');
const { createRoot } = require('react-dom/client');
const {
	FieldType, FieldConfigOptionsRegistry, ThemeContext, applyFieldOverrides, createTheme, dateTime, getDisplayValueAlignmentFactors,
	getFieldDisplayValues, identityOverrideProcessor, renderLegendFormat, renderMarkdown, standardTransformers, standardTransformersRegistry,
	toDataFrame, transformDataFrame,
} = require('@grafana/data');
const { BigValue, GlobalStyles, PanelChrome, Table, TimeSeries, VizRepeater } = require('@grafana/ui');
const infoIcon = require('./node_modules/@grafana/ui/dist/public/img/icons/unicons/info-circle.svg');
const sortIcon = require('./node_modules/@grafana/ui/dist/public/img/icons/unicons/angle-down.svg');

const { dashboard, answers, first, last, scheme } = window.given;
const theme = createTheme({ colors: { mode: scheme } });
const timeZone = 'utc';
const timeRange = { from: dateTime(first * 1000), to: dateTime(last * 1000), raw: { from: dateTime(first * 1000), to: dateTime(last * 1000) } };
const narrow = window.innerWidth < 769;
const GAP = 8, ROW = 30;    // as Grafana lays panels out: pixels between them, and of one row of its grid

// Each option of a field is taken as it stands.
const registry = new FieldConfigOptionsRegistry(() => {
	const known = ['unit', 'min', 'max', 'decimals', 'color', 'thresholds', 'mappings', 'noValue', 'displayName'];
	const own = new Set(dashboard.panels.flatMap((panel) => [...Object.keys(panel.fieldConfig?.defaults.custom ?? {}),
		...(panel.fieldConfig?.overrides ?? []).flatMap((o) => o.properties.map((p) => p.id)).filter((id) => id.startsWith('custom.')).map((id) => id.slice(7))]));
	const item = (id, path, isCustom) => ({ id, path, isCustom, name: id, process: identityOverrideProcessor, shouldApply: () => true, override: () => null, editor: () => null });
	return [...known.map((id) => item(id, id, false)), ...[...own].map((id) => item(`custom.${id}`, id, true))];
});

standardTransformersRegistry.setInit(() => [{ id: 'organize', transformation: () => standardTransformers.organizeFieldsTransformer, name: 'organize' }]);

const number = (text) => (text === 'NaN' ? null : Number(text));

function frames(panel) {
	return panel.targets.flatMap((target, n) => {
		const results = answers[panel.id][n];
		if (target.format === 'table') {
			const labels = [...new Set(results.flatMap((r) => Object.keys(r.metric)))];
			return [toDataFrame({ refId: target.refId, fields: [
				{ name: 'Time', type: FieldType.time, values: results.map((r) => r.value[0] * 1000) },
				...labels.map((label) => ({ name: label, type: FieldType.string, values: results.map((r) => r.metric[label]) })),
				{ name: 'Value', type: FieldType.number, values: results.map((r) => number(r.value[1])) },
			] })];
		}
		return results.map((result) => {
			const points = result.values ?? [result.value];
			return toDataFrame({ refId: target.refId, fields: [
				{ name: 'Time', type: FieldType.time, values: points.map((p) => p[0] * 1000) },
				{ name: 'Value', type: FieldType.number, labels: result.metric, values: points.map((p) => number(p[1])),
					config: { displayNameFromDS: renderLegendFormat(target.legendFormat, result.metric) } },
			] });
		});
	});
}

function overridden(panel, data) {
	return applyFieldOverrides({ data, fieldConfig: panel.fieldConfig, fieldConfigRegistry: registry, replaceVariables: (text) => text, theme, timeZone });
}

function Stat({ panel, width, height }) {
	const { options, fieldConfig } = panel;
	const values = () => getFieldDisplayValues({ fieldConfig, reduceOptions: options.reduceOptions, data: overridden(panel, frames(panel)), theme, timeZone,
		sparkline: options.graphMode !== 'none', replaceVariables: (text) => text });
	return <VizRepeater getValues={values} getAlignmentFactors={getDisplayValueAlignmentFactors} width={width} height={height} orientation={options.orientation}
		autoGrid={true} renderCounter={0} source={panel} itemSpacing={3} renderValue={({ value, alignmentFactors, width, height, count }) =>
			<BigValue value={value.display} count={count} width={width} height={height} theme={theme} colorMode={options.colorMode} graphMode={options.graphMode}
				text={options.text} justifyMode={options.justifyMode} textMode={options.textMode} wideLayout={options.wideLayout} alignmentFactors={alignmentFactors}
				sparkline={options.graphMode === 'none' ? undefined : value.sparkline} />} />;
}

// Grafana's own marks are not among its components: a line and a triangle.
function Marks({ builder }) {
	useLayoutEffect(() => {
		builder.addHook('draw', (u) => {
			u.ctx.save();
			u.ctx.strokeStyle = u.ctx.fillStyle = theme.visualization.getColorByName(dashboard.annotations.list[0].iconColor);
			for (const [time, value] of answers.annotations.flatMap((r) => r.values)) {
				const x = Math.round(u.valToPos(time * 1000, 'x', true)), foot = u.bbox.top + u.bbox.height;
				u.ctx.setLineDash([4, 4]);
				u.ctx.beginPath();
				u.ctx.moveTo(x, u.bbox.top);
				u.ctx.lineTo(x, foot);
				u.ctx.stroke();
				u.ctx.beginPath();
				u.ctx.moveTo(x - 5, foot + 6);
				u.ctx.lineTo(x + 5, foot + 6);
				u.ctx.lineTo(x, foot);
				u.ctx.fill();
			}
			u.ctx.restore();
		});
	});
	return null;
}

function Series({ panel, width, height }) {
	return <TimeSeries frames={overridden(panel, frames(panel))} width={width} height={height} timeRange={timeRange} timeZone={timeZone}
		legend={panel.options.legend} options={panel.options}>{(builder) => <Marks builder={builder} />}</TimeSeries>;
}

function Rows({ panel, width, height }) {
	const [data, setData] = useState(null);
	useEffect(() => transformDataFrame(panel.transformations ?? [], frames(panel)).subscribe((got) => setData(overridden(panel, got)[0])) && undefined, [panel]);
	return data && <Table data={data} width={width} height={height} initialSortBy={panel.options.sortBy} cellHeight={panel.options.cellHeight} />;
}

function Words({ panel, width, height }) {
	return <div className="markdown-html" style={{ width, height, overflow: 'auto' }} dangerouslySetInnerHTML={{ __html: renderMarkdown(panel.options.content) }} />;
}

const kinds = { stat: Stat, timeseries: Series, table: Rows, text: Words };

function place({ gridPos }) {
	const column = (window.innerWidth - 2 * GAP + GAP) / 24;
	return narrow ? { width: window.innerWidth - 2 * GAP, height: gridPos.h * (ROW + GAP) - GAP, position: 'relative', margin: GAP }
		: { position: 'absolute', left: GAP + gridPos.x * column, top: gridPos.y * (ROW + GAP), width: gridPos.w * column - GAP, height: gridPos.h * (ROW + GAP) - GAP };
}

function Shown({ panel }) {
	const at = place(panel), Kind = kinds[panel.type];
	if (panel.type === 'row')
		return <div style={{ ...at, ...theme.typography.h5, paddingTop: 4 }}>⌄ {panel.title}</div>;
	return <div style={at}><PanelChrome title={panel.title} description={panel.description} width={at.width} height={at.height}>
		{(width, height) => <Kind panel={panel} width={width} height={height} />}
	</PanelChrome></div>;
}

function Dashboard() {
	const foot = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * (ROW + GAP);
	const box = { border: `1px solid ${theme.colors.border.medium}`, padding: '4px 8px', marginRight: 8, background: theme.colors.background.primary };
	return <ThemeContext.Provider value={theme}>
		<GlobalStyles isExtensionSidebarOpen={false} />
		<div style={{ padding: GAP }}>
			<span style={{ ...theme.typography.h4, marginRight: 16 }}>{dashboard.title}</span>
			{dashboard.templating.list.map((v) => <span key={v.name} style={box}>{v.label}: {v.type === 'datasource' ? 'Prometheus' : 'All'}</span>)}
			<span style={box}>Last 24 hours, to {new Date(last * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC</span>
		</div>
		<div style={narrow ? {} : { position: 'relative', height: foot }}>{dashboard.panels.map((panel) => <Shown key={panel.id} panel={panel} />)}</div>
	</ThemeContext.Provider>;
}

window.fetch = async (path) => new Response(/info-circle/.test(path) ? infoIcon : sortIcon, { headers: { 'Content-Type': 'image/svg+xml' } });
document.body.style.background = theme.colors.background.canvas;
document.documentElement.style.fontSize = '14px';
createRoot(document.getElementById('here')).render(<Dashboard />);
setTimeout(() => { window.drawn = true; }, 3000);
