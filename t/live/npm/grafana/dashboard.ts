// SPDX-License-Identifier: BSD-2-Clause
//
// What a dashboard file may hold, put together from Grafana's own definitions (made from its schema). They leave open what
// belongs to each kind of panel, so it is filled in here for the kinds in use. t/live/watching.t writes `const ours: Written = {...}`
// below this, and TypeScript's compiler tells each key, value and unit of another kind.
import type { AnnotationQuery, Dashboard, FieldConfig, Panel, RowPanel } from '@grafana/schema';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as BarGauge } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { FieldConfig as TableField, Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as Text } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type { FieldConfig as SeriesField, Options as Series } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// As it stands in a file: an enumeration is one of its words.
type Plain<T> = T extends string ? `${T}` : T extends (infer Item)[] ? Plain<Item>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

type Defaults<Custom> = Omit<FieldConfig, 'custom'> & { custom?: Partial<Custom> };

type Override<Custom> =
	| { [K in keyof FieldConfig & string]: { id: K; value: FieldConfig[K] } }[keyof FieldConfig & string]
	| { [K in keyof Custom & string]: { id: `custom.${K}`; value: Custom[K] } }[keyof Custom & string];

type Query = Omit<Dataquery, '_implementsDataqueryVariant' | 'refId'> & { refId: string };

type Matcher = { id: 'byName' | 'byRegexp' | 'byFrameRefID'; options: string };

type Of<Kind extends string, Options, Custom = Record<string, never>> = Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> &
	Required<Pick<Panel, 'id' | 'title' | 'gridPos' | 'datasource' | 'description'>> & {
		type: Kind;
		options: Partial<Options>;
		fieldConfig: { defaults: Defaults<Custom>; overrides: { matcher: Matcher; properties: Override<Custom>[] }[] };
		targets: Query[];
	};

type Kinds =
	| Of<'bargauge', BarGauge>
	| Of<'stat', Stat>
	| Of<'table', Table, TableField>
	| Of<'timeseries', Series, SeriesField>
	| (Omit<Panel, 'type' | 'options'> & { type: 'text'; options: Text })
	| RowPanel;


// The titles are the data source's own, which Grafana's definitions do not know.
type Annotation = AnnotationQuery<Query> & { titleFormat?: string; textFormat?: string };

export type Written = Plain<Omit<Dashboard, 'panels' | 'annotations'> & { annotations: { list: Annotation[] }; panels: Kinds[] }>;
